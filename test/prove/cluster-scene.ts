import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import pg from 'pg'
import { must, type Scene } from './scene.ts'
import { ensureHelloImage } from '../../scripts/quickstart/hello-image.mjs'
import { type ClusterOptions, findCluster, type LabCluster } from '../lab/kube.ts'
import { type LabServer } from '../lab/server.ts'

/** The example, as it is. */
export const HELLO = readFileSync(new URL('../../examples/hello/compose.yaml', import.meta.url), 'utf8')

/** The example's image, one that is new, and one that never gets healthy. */
export const HELLO_IMAGES = {
  first: 'moorage-hello:1',
  second: 'moorage-hello:2',
  broken: 'moorage-hello:broken',
} as const

export interface ClusterScene {
  readonly cluster: LabCluster
  readonly server: LabServer
  readonly databaseUrl: string
}

/** A server with the lab's cluster as its host `cluster`, and the tenant `acme`. All that it makes there goes with the proof. */
export async function clusterScene(
  scene: Scene,
  {
    env = {},
    settings = {},
    ...options
  }: ClusterOptions & { readonly env?: Record<string, string>; readonly settings?: object } = {},
): Promise<ClusterScene> {
  const cluster = await findCluster(options)
  const databaseUrl = await scene.database()
  scene.teardown(async () => await forgetAll(cluster, databaseUrl))
  const server = await scene.server({
    databaseUrl,
    env: { MOORAGE_RESYNC_SECONDS: '2', MOORAGE_OBSERVE_SECONDS: '2', ...env },
  })
  await addCluster(server, 'cluster', cluster, settings)
  await must(server, 'POST', '/v1/tenants', { name: 'acme' })
  return { cluster, server, databaseUrl }
}

/** Takes away what the installation of this database left on the cluster. By default nobody waits for it: a namespace takes its time. */
export async function forgetAll(cluster: LabCluster, databaseUrl: string, { wait = false } = {}): Promise<void> {
  const db = new pg.Client({ connectionString: databaseUrl })
  await db.connect()
  const { rows } = await db.query<{ id: string }>('select id from installation')
  await db.end()
  for (const { id } of rows) await cluster.forget(id, { wait })
}

/** Registers the cluster as a host. */
export async function addCluster(
  server: LabServer,
  name: string,
  cluster: LabCluster,
  settings: object,
): Promise<void> {
  const body = { name, kind: 'kubernetes', endpoint: { kubeconfig: cluster.kubeconfig }, settings }
  await must(server, 'POST', '/v1/hosts', body)
}

/** The example's images, on the Docker engine behind this socket. */
export async function helloImages(
  socketPath: string,
  docker: (args: readonly string[], options?: { input?: string }) => Promise<string>,
): Promise<void> {
  await ensureHelloImage({ socketPath })
  const derive = async (tag: string, lines: string): Promise<void> => {
    await docker(['build', '-q', '-t', tag, '-'], { input: `FROM ${HELLO_IMAGES.first}\n${lines}\n` })
  }
  await derive(HELLO_IMAGES.second, 'ENV RELEASE=2')
  await derive(HELLO_IMAGES.broken, 'ENTRYPOINT ["/bin/busybox", "sh", "-c", "sleep 100000"]')
}

/** Asks an address again and again, a new connection each time. */
export class Visitor {
  readonly #stop = new AbortController()
  readonly #asking: Promise<void>[]
  /** Answers with 200, and everything else in its own words. */
  answered = 0
  readonly failures: string[] = []
  /** The last answer. */
  last = ''

  constructor(url: string, { everyMs = 40, side = 2 } = {}) {
    this.#asking = Array.from({ length: side }, async () => await this.#ask(url, everyMs))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#asking)
  }

  async #ask(url: string, everyMs: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const startedAt = performance.now()
      try {
        this.last = await once(url)
        this.answered += 1
      } catch (error) {
        this.failures.push(error instanceof Error ? error.message : String(error))
      }
      const restMs = Math.max(0, everyMs - (performance.now() - startedAt))
      await new Promise((resolve) => setTimeout(resolve, restMs))
    }
  }
}

/** The text of a 200; throws with anything else, and after 10 s. */
export async function once(url: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const call = get(url, { agent: false, timeout: 10_000 }, (reply) => {
      let text = ''
      reply.setEncoding('utf8')
      reply.on('data', (chunk: string) => (text += chunk))
      reply.on('end', () =>
        reply.statusCode === 200 ? resolve(text.trim()) : reject(new Error(`${reply.statusCode}: ${text}`)),
      )
      reply.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')))
    call.on('error', reject)
  })
}
