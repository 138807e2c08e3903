/** What a driver brings as it happens. Every iteration ends (by its return) when the call's signal aborts, and then holds nothing at the engine. */

/** Something of ours changed: a key, not a state. Look again. */
export interface EngineChange {
  readonly appId: string
  /** The container; null: something of the app that is none. */
  readonly nativeId: string | null
}

export interface LogOptions {
  /** The last so many lines; Infinity: all that the engine has. */
  readonly tail: number
  /** RFC 3339, with up to nine digits of a second: lines at or after it. */
  readonly since?: string
  /** Go on with what is written from now on. An empty batch then says, once: what was there when it was asked has been brought. */
  readonly follow: boolean
  /** Go on after this, in the place of `tail` and `since`: nothing of it again, and all that came later. */
  readonly after?: LogPosition
}

/** How far a container's output has been read. */
export interface LogPosition {
  /** Of the last line. */
  readonly time: string
  /** How many lines with exactly this time. */
  readonly lines: number
}

/** One line of a container's output. */
export interface LogLine {
  readonly stream: 'stdout' | 'stderr'
  /** RFC 3339 with nine digits of a second, UTC: the engine's clock, so equal widths compare as texts. */
  readonly time: string
  /** Without its line break; control characters as they are. */
  readonly text: string
  /** It was longer than 64 KiB, and what is here is its beginning. */
  readonly cut: boolean
}

/** What a container has used since it began, and uses now. Bytes, and nanoseconds of CPU. */
export interface StatsSample {
  /** RFC 3339, the engine's clock. */
  readonly at: string
  readonly cpuNs: number
  /** Cores that it may use: its limit, else those of the host. */
  readonly cpuCores: number
  /** The working set: without the page cache that could be given back. */
  readonly memoryBytes: number
  /** Its limit, else the host's memory. */
  readonly memoryLimitBytes: number
  /** null: the engine does not know it; so too below. */
  readonly receivedBytes: number | null
  readonly sentBytes: number | null
  readonly readBytes: number | null
  readonly writtenBytes: number | null
}

export interface ExecOptions {
  readonly command: readonly string[]
  /** A terminal: one stream for both outputs. */
  readonly tty: boolean
  /** Of the terminal. */
  readonly size?: { readonly columns: number; readonly rows: number }
}

/** A command that runs in a container. Ends when the call's signal aborts: then it is killed where the engine can, and let go of. */
export interface ExecSession {
  /** In the order of their coming; ends when the command does. With a terminal everything is `stdout`. */
  readonly output: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }>
  /** Resolves when the engine can take more. */
  write(data: Buffer): Promise<void>
  endInput(): void
  /** Nothing without a terminal, or once it has ended. */
  resize(size: { readonly columns: number; readonly rows: number }): Promise<void>
  /** The exit code, once `output` has ended; null: the engine does not know it. */
  exitCode(): Promise<number | null>
}
