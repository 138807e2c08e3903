/** One figure beside its reference of the same run. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly ours: number
  /** null: the goal is absolute, and nothing else was measured. */
  readonly reference: number | null
  /** Ours by the reference; null without one. */
  readonly ratio: number | null
  /** For people: what `holds` says. */
  readonly goal: string
  readonly holds: boolean
}

export interface BenchOptions {
  /** One round of everything, for a test: the figures mean nothing. */
  readonly short: boolean
  /** The kind of host, for what is measured on more than one. Default `docker`. */
  readonly driver: string
  /** Progress, for people. */
  readonly note: (line: string) => void
}

/** What a benchmark's file exports as `bench`. */
export interface Bench {
  /** One line: what is measured, beside what. */
  readonly about: string
  readonly run: (options: BenchOptions) => Promise<readonly Figure[]>
}

/** A figure with its ratio, rounded to what its size can tell. */
export function figure(measured: Omit<Figure, 'ratio'>): Figure {
  const { ours, reference } = measured
  return {
    ...measured,
    ours: rounded(ours),
    reference: reference === null ? null : rounded(reference),
    ratio: reference === null ? null : rounded(ours / reference),
  }
}

function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4))
}

/** The values of each round. */
export interface Rounds {
  readonly ours: readonly number[]
  readonly reference: readonly number[]
}

/** Measures both in turn, so that whatever else the machine does meets both. Who begins changes with each round. */
export async function alternate(
  rounds: number,
  ours: (round: number) => Promise<number>,
  reference: (round: number) => Promise<number>,
): Promise<Rounds> {
  const values: { ours: number[]; reference: number[] } = { ours: [], reference: [] }
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      async () => values.ours.push(await ours(round)),
      async () => values.reference.push(await reference(round)),
    ]
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn()
  }
  return values
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

/** Values for a note: median, and the range that they lie in. */
export function spread(values: readonly number[], unit: string): string {
  const text = (value: number): string => value.toFixed(value < 100 ? 1 : 0)
  return `${text(median(values))} ${unit} (${text(Math.min(...values))} to ${text(Math.max(...values))})`
}
