import { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

/** For so long the socket is not read after a piece has come. */
const GATHER_MS = 2

/**
 * The bytes of an answer as they come, at most 500 times a second: an engine writes each line by itself, and to wake up for each costs ten
 * times what the line does. What comes after a silence comes at once. While its reader does not ask for more, the socket is not read.
 */
export async function* gathered(body: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    // One that is complete has given its socket back.
    const socket = body instanceof IncomingMessage && !body.complete ? body.socket : null
    socket?.pause()
    const gathering = socket && delay(GATHER_MS)
    try {
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
      await gathering
    } finally {
      socket?.resume()
    }
  }
}
