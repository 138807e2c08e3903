import { dataOf } from '../../clients/typescript/src/index.ts'
import { buildImages } from '../lab/images.ts'
import { labDatabase } from '../lab/database.ts'
import { type EngineOptions, type LabEngine, startEngine } from '../lab/engines.ts'
import { type LabServer, ended, startServer } from '../lab/server.ts'

/** What a proof gives: whether what was promised holds, and the figures. */
export interface Outcome {
  readonly outcome: boolean
  readonly lines: readonly string[]
}

/** A database, engines and servers of one proof; all of it ends with the proof. */
export class Scene {
  readonly #teardowns: (() => unknown)[] = []
  readonly #servers: LabServer[] = []

  /** Runs `work` with a scene of its own. */
  static async run<T>(work: (scene: Scene) => Promise<T>): Promise<T> {
    const scene = new Scene()
    try {
      return await work(scene)
    } catch (error) {
      for (const server of scene.#servers)
        process.stderr.write(`the last lines of server ${server.pid}:\n${server.lines.slice(-15).join('\n')}\n`)
      throw error
    } finally {
      for (const teardown of scene.#teardowns.toReversed()) await teardown()
    }
  }

  teardown(work: () => unknown): void {
    this.#teardowns.push(work)
  }

  async database(): Promise<string> {
    return (await labDatabase(this)).url
  }

  /** An engine with the lab's images. */
  async engine(options?: EngineOptions): Promise<LabEngine> {
    const engine = await startEngine(options)
    this.teardown(async () => await engine.stop())
    await buildImages(engine)
    return engine
  }

  async server(options: Parameters<typeof startServer>[0]): Promise<LabServer> {
    const server = await startServer(options)
    this.#servers.push(server)
    this.teardown(() => server.kill('SIGKILL'))
    return server
  }
}

/** Answers 2xx, or throws with the answer. */
export async function must(
  server: Pick<LabServer, 'request'>,
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) {
  const answer = await server.request(method, path, { body, headers })
  if (answer.status >= 300)
    throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** Registers an engine as a host, by its socket or its address. */
export async function addHost(
  server: LabServer,
  name: string,
  engine: LabEngine,
  by: 'socket' | 'tcp' = 'socket',
  labels = {},
): Promise<void> {
  const endpoint = by === 'socket' ? { socketPath: engine.socketPath } : { url: engine.url }
  await must(server, 'POST', '/v1/hosts', { name, kind: 'docker', endpoint, labels })
}

/** Applies a spec and waits for the operation's end. */
export async function deploy(server: LabServer, tenant: string, app: string, spec: object) {
  const params = { path: { tenant, app } }
  const answer = await dataOf(
    server.client.PUT('/v1/tenants/{tenant}/apps/{app}', { params, body: { spec: { ...spec } } }),
  )
  if (!('operation' in answer) || !answer.operation) throw new Error(`${tenant}/${app}: nothing to deploy`)
  return await ended(server, answer.operation)
}

/** A service that answers on port 80 once it is healthy, within a second or two. */
export function webService(image: string, more: object = {}): object {
  return {
    image,
    pull_policy: 'never',
    healthcheck: { test: ['CMD', '/bin/check'], interval: '1s', timeout: '5s', retries: 20 },
    stop_grace_period: '2s',
    ...more,
  }
}

export interface OurContainer {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly app: string
  readonly service: string
  readonly ordinal: string
  readonly digest: string
  readonly image: string
}

/** Every container on an engine that carries one of our labels, as the stock CLI shows them. */
export async function ourContainers(engine: LabEngine): Promise<OurContainer[]> {
  const label = (name: string) => `{{.Label "moorage.io/${name}"}}`
  const format = [
    '{{.ID}}',
    '{{.Names}}',
    '{{.State}}',
    label('app'),
    label('service'),
    label('ordinal'),
    label('service-digest'),
    '{{.Image}}',
  ].join('|')
  const out = await engine.docker([
    'ps',
    '-a',
    '--no-trunc',
    '--filter',
    'label=moorage.io/installation',
    '--format',
    format,
  ])
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', name = '', state = '', app = '', service = '', ordinal = '', digest = '', image = ''] =
        line.split('|')
      return { id, name, state, app, service, ordinal, digest, image }
    })
}

/** The value below which `share` of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
