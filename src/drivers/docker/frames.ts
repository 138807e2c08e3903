const HEADER_BYTES = 8
/** In a header's first byte; 3 is the engine's own error. */
const STDERR = 2

/** A piece of what a container wrote, and where to. */
export interface Frame {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Buffer
}

/**
 * Takes the frames of an engine's output stream apart: 8 bytes of header (stream, three zeros, length as a big-endian
 * 32-bit number) before each piece. Chunks may end anywhere; payload is handed on as it comes, never held back.
 */
export class FrameDecoder {
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  #left = 0

  /** The payload that this chunk brings, of both streams in the order of their coming. */
  push(chunk: Buffer): Buffer[] {
    return this.frames(chunk).map(({ data }) => data)
  }

  /** The same, with the stream of each piece. */
  frames(chunk: Buffer): Frame[] {
    const payload: Frame[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const data = chunk.subarray(at, at + this.#left)
        payload.push({ stream: (this.#header[0] ?? 0) >= STDERR ? 'stderr' : 'stdout', data })
        this.#left -= data.length
        at += data.length
        continue
      }
      const copied = chunk.copy(this.#header, this.#headerBytes, at, at + HEADER_BYTES - this.#headerBytes)
      this.#headerBytes += copied
      at += copied
      if (this.#headerBytes === HEADER_BYTES) {
        this.#left = this.#header.readUInt32BE(4)
        this.#headerBytes = 0
      }
    }
    return payload
  }
}
