import type { FastifyInstance } from 'fastify'
import type { Socket } from 'node:net'

/** A request to upgrade that nothing was made of for so long. */
const STALE_MS = 30_000

/**
 * Sees to it that no socket is left of an upgrade that was refused: once it is answered as an ordinary request, nothing reads or closes it, and the
 * server could not close either. (The WebSocket plugin does so for what its own hook has seen: what authentication refuses comes before that.)
 */
export function closeRefusedUpgrades(app: FastifyInstance): void {
  // A WebSocket that is made of it takes the time limit away.
  app.server.prependListener('upgrade', (_request, socket: Socket) => {
    socket.setTimeout(STALE_MS, () => socket.destroy())
  })
  app.addHook('onResponse', async ({ ws, headers, raw }) => {
    if (ws === null && headers.upgrade !== undefined) raw.socket.destroy()
  })
}
