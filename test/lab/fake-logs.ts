import type { LogLine, LogOptions, ObservedInstance } from '../../src/drivers/index.ts'
import { sleep } from '../../src/lib/abort.ts'
import { IMAGES } from './images.ts'

/** How often a followed log is looked at. */
const LOOK_MS = 10
/** What the lab's images say when they start. */
const SAID: Readonly<Record<string, readonly (readonly [LogLine['stream'], string])[]>> = {
  [IMAGES.crash]: [
    ['stdout', 'one line'],
    ['stderr', 'it broke'],
  ],
  [IMAGES.once]: [['stdout', 'done once']],
  [IMAGES.broken]: [['stdout', 'broken']],
}

/** What the containers of a fake engine have written. */
export class FakeLogs {
  /** Followed iterations that are open. */
  streams = 0
  readonly #lines = new Map<string, LogLine[]>()
  #last = 0

  /** A container writes a line, or each of several; `time` as the engine gives it, by default now. */
  write(nativeId: string, text: string, more: Partial<Pick<LogLine, 'stream' | 'time' | 'cut'>> = {}): void {
    this.#linesOf(nativeId).push({ stream: 'stdout', time: this.#now(), cut: false, text, ...more })
  }

  /** `look` gives the container as it is, null where it is gone or not the caller's, and throws where the engine is away. */
  async *read(
    { tail, since = '', follow, after }: LogOptions,
    signal: AbortSignal,
    look: () => Promise<ObservedInstance | null>,
  ): AsyncGenerator<readonly LogLine[]> {
    if (follow) this.streams += 1
    try {
      const container = await look()
      if (!container) return
      this.#said(container)
      const lines = this.#linesOf(container.nativeId)
      let at = after ? placeAfter(lines, after) : Math.max(0, lines.length - tail)
      const from = after || tail === 0 ? '' : since
      for (let marked = !follow; ;) {
        const { state } = (await look()) ?? { state: 'gone' }
        const batch = lines.slice(at).filter(({ time }) => time >= from)
        at = lines.length
        if (batch.length > 0) yield batch
        if (!marked) yield []
        marked = true
        if (!follow || state !== 'running') return
        await sleep(LOOK_MS, signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      if (follow) this.streams -= 1
    }
  }

  #linesOf(nativeId: string): LogLine[] {
    const lines = this.#lines.get(nativeId) ?? []
    this.#lines.set(nativeId, lines)
    return lines
  }

  #said({ nativeId, image, startedAt }: ObservedInstance): void {
    if (startedAt === null || this.#linesOf(nativeId).length > 0) return
    for (const [stream, text] of SAID[image] ?? []) this.write(nativeId, text, { stream })
  }

  #now(): string {
    this.#last = Math.max(this.#last + 0.001, Date.now())
    const ms = Math.floor(this.#last)
    const ns = String(Math.round((this.#last - ms) * 1e6))
      .padStart(6, '0')
      .slice(0, 6)
    return `${new Date(ms).toISOString().slice(0, 23)}${ns}Z`
  }
}

function placeAfter(lines: readonly LogLine[], { time, lines: count }: { time: string; lines: number }): number {
  let left = count
  const found = lines.findIndex((line) => {
    if (line.time !== time) return line.time > time
    left -= 1
    return left < 0
  })
  return found === -1 ? lines.length : found
}
