/** The kinds of engines that apps run on: each has a column of the table. */
export const ENGINES = ['docker', 'kubernetes'] as const
export type Engine = (typeof ENGINES)[number]

/** The kinds of hosts that `x-moorage.placement.kinds` may name. */
export const HOST_KINDS = ['docker', 'swarm', 'kubernetes'] as const

/**
 * What becomes of a Compose key on one kind of engine.
 * - `supported`: it is honoured; the note says with which limits.
 * - `approximated`: accepted; the note says what happens instead.
 * - `refused`: the note says why, or what to use. On all kinds: the request fails; on some: those can't have the app.
 */
export interface Capability {
  readonly level: 'supported' | 'approximated' | 'refused'
  readonly note: string
  /** The only values that are supported. */
  readonly values?: readonly string[]
  /** Values of a refused key that ask for nothing, and are let through. */
  readonly harmless?: readonly (boolean | number)[]
  /** Approximated for some values alone: the kind's own rules tell which, the table tells people. */
  readonly byValue?: true
  /** What holds on all kinds beside the note, for people. */
  readonly everywhere?: string
}

/** A key on every kind of engine. */
export type Row = Readonly<Record<Engine, Capability>>

export function onEach<Value>(make: (engine: Engine) => Value): Record<Engine, Value> {
  return { docker: make('docker'), kubernetes: make('kubernetes') }
}

const same = (capability: Capability): Row => onEach(() => capability)

/** A key whose fate is not the same everywhere: of each row its own kind's column. */
export const each = (rows: Readonly<Record<Engine, Row>>, everywhere = ''): Row =>
  onEach((engine) => ({ ...rows[engine][engine], everywhere }))

export const yes = (note = '', values?: readonly string[]): Row =>
  same({ level: 'supported', note, ...(values && { values }) })

export const instead = (note: string, values?: readonly string[]): Row =>
  same({ level: 'approximated', note, ...(values && { values }) })

export const partly = (note: string, values?: readonly string[]): Row =>
  same({ level: 'approximated', note, byValue: true, ...(values && { values }) })

export const no = (note: string): Row => same({ level: 'refused', note })

/** Refused, but for values that ask for nothing. */
export const off = (note: string, harmless: readonly (boolean | number)[] = [false]): Row =>
  same({ level: 'refused', note, harmless })

/** Reasons that several keys have. */
export const LATER = 'not supported yet'
export const DISK = 'it would read a disk that is not the app’s'
export const HARDWARE = 'it would reach the host’s devices'
export const ONE_NETWORK = 'not supported: an app has one network, which Moorage makes'
export const PIDS = 'the node’s own limit of a pod holds'
