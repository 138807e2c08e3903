const HEADER_BYTES = 8

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
    const payload: Buffer[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const piece = chunk.subarray(at, at + this.#left)
        payload.push(piece)
        this.#left -= piece.length
        at += piece.length
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
