import type { HistorySample, Usage } from './stats.schemas.ts'

/** An hour of samples that are 10 s apart. */
export const RING_SIZE = 360
/** The figures of a sample, in the order in which they are kept. */
const FIGURES = [
  'cpuCores',
  'memoryBytes',
  'receivedBytesPerSecond',
  'sentBytesPerSecond',
  'readBytesPerSecond',
  'writtenBytesPerSecond',
] as const
const WIDTH = FIGURES.length

/** A ring's samples as it is sent: times in ms, and figures as they are kept, in base64 (little-endian, as every machine that this runs on). */
export interface PackedRing {
  readonly times: readonly number[]
  readonly figures: string
}

/** The last samples of one instance, oldest dropped first; 11.5 KB however many there are. Figures have the seven digits of a 32-bit float; what is not known is kept as NaN. */
export class Ring {
  readonly #times = new Float64Array(RING_SIZE)
  readonly #figures = new Float32Array(RING_SIZE * WIDTH)
  #next = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(atMs: number, { cpu, memory, network, blockIo }: Usage): void {
    this.#times[this.#next] = atMs
    this.#figures.set(
      [
        cpu.cores,
        memory.bytes,
        network?.receivedBytesPerSecond ?? Number.NaN,
        network?.sentBytesPerSecond ?? Number.NaN,
        blockIo?.readBytesPerSecond ?? Number.NaN,
        blockIo?.writtenBytesPerSecond ?? Number.NaN,
      ],
      this.#next * WIDTH,
    )
    this.#next = (this.#next + 1) % RING_SIZE
    this.#length = Math.min(RING_SIZE, this.#length + 1)
  }

  /** Those at or after a time, oldest first. */
  pack(sinceMs: number): PackedRing {
    const first = (this.#next - this.#length + RING_SIZE) % RING_SIZE
    const kept = Array.from({ length: this.#length }, (_, index) => (first + index) % RING_SIZE).filter(
      (index) => (this.#times[index] ?? 0) >= sinceMs,
    )
    const figures = new Float32Array(kept.length * WIDTH)
    for (const [place, index] of kept.entries())
      figures.set(this.#figures.subarray(index * WIDTH, (index + 1) * WIDTH), place * WIDTH)
    return {
      times: kept.map((index) => this.#times[index] ?? 0),
      figures: Buffer.from(figures.buffer).toString('base64'),
    }
  }
}

/** What was packed, as it is told. */
export function unpack({ times, figures }: PackedRing): HistorySample[] {
  const bytes = Buffer.from(figures, 'base64')
  // A buffer of Node's pool begins anywhere; floats must begin at a multiple of four.
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  return times.map((atMs, place) => {
    const figure = (name: (typeof FIGURES)[number]): number => values[place * WIDTH + FIGURES.indexOf(name)] ?? 0
    const perhaps = (name: (typeof FIGURES)[number]): number | null => {
      const value = figure(name)
      return Number.isNaN(value) ? null : value
    }
    return {
      at: new Date(atMs).toISOString(),
      cpuCores: figure('cpuCores'),
      memoryBytes: figure('memoryBytes'),
      receivedBytesPerSecond: perhaps('receivedBytesPerSecond'),
      sentBytesPerSecond: perhaps('sentBytesPerSecond'),
      readBytesPerSecond: perhaps('readBytesPerSecond'),
      writtenBytesPerSecond: perhaps('writtenBytesPerSecond'),
    }
  })
}
