import { request } from 'node:http'

/** One event as the engine tells it. */
export interface RawEvent {
  readonly action: string
  readonly nativeId: string
  /** When the engine says that it happened: epoch milliseconds, with a fraction. */
  readonly atMs: number
}

/** A call of an engine's API past everything of ours; the status of its answer. */
export async function callEngine(socketPath: string, method: string, path: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    call.once('error', reject)
    call.end()
  })
}

/** What an engine tells of its containers from now on; ends with `close`. */
export async function watchEngine(socketPath: string, onEvent: (event: RawEvent) => void): Promise<{ close(): void }> {
  const path = `/events?filters=${encodeURIComponent(JSON.stringify({ type: ['container'] }))}`
  return await new Promise((resolve, reject) => {
    const call = request({ socketPath, path }, (response) => {
      let rest = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          const { Action, Actor, timeNano } = JSON.parse(line)
          onEvent({ action: Action, nativeId: Actor.ID, atMs: timeNano / 1e6 })
        }
      })
      response.on('error', () => {})
      resolve({ close: () => call.destroy() })
    })
    call.once('error', reject)
    call.end()
  })
}
