import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** What a generator sends: from `connections` sockets, each one request at a time, to a random one of the targets. */
export interface Load {
  readonly port: number
  readonly connections: number
  /** Not counted. */
  readonly warmMs: number
  readonly measureMs: number
  readonly method: string
  readonly targets: readonly { readonly path: string; readonly token: string }[]
  /** JSON, in which `{n}` is another text in each request. */
  readonly body: string | null
  /** Each request has an Idempotency-Key of its own. */
  readonly keyed: boolean
  /** The status that every answer must have. */
  readonly expect: number
}

export interface Loaded {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Of one core, by the generator itself. */
  readonly cpuShare: number
  readonly failed: number
  /** The first few kinds. */
  readonly failures: readonly string[]
}

/** Runs one load from a process of its own. Throws where an answer was not as expected. */
export async function runLoad(load: Load): Promise<Loaded> {
  const worker = spawn(process.execPath, [fileURLToPath(new URL('load-worker.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  })
  worker.stdin.end(JSON.stringify(load))
  const answer = await text(worker.stdout)
  if (answer === '') throw new Error('the load generator ended without a figure')
  const loaded = JSON.parse(answer) as Loaded
  if (loaded.failed > 0) throw new Error(`${loaded.failed} answers were others: ${loaded.failures.join('; ')}`)
  return loaded
}
