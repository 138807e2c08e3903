import { randomUUID } from 'node:crypto'
import { createMoorageClient, type MoorageClient, type OperationRef } from '../../clients/typescript/src/index.ts'
import { bringUp, type ComposeContainer, type ComposeProject } from '../lab/compose.ts'
import type { LabEngine } from '../lab/engines.ts'
import { IMAGES } from '../lab/images.ts'
import { ended, eventually, type LabResponse, request, type RequestOptions } from '../lab/server.ts'
import { inspectProject } from './compose-inspection.ts'
import { must, type Outcome, ourContainers, Scene, webService } from './scene.ts'

const DEPLOYS = { short: 10, long: 50 }
const SERVICES = ['db', 'api', 'web']
/** Where a client asks again: nothing answered, or nobody was there to. */
const AGAIN = new Set([0, 502, 503, 504])

/**
 * Our own Dockerfile and docker-compose.yml on a lab engine, deploying to another one by tcp: everything is healthy, unprivileged and
 * silent about its secrets; deploys go through while each of the five processes is killed in turn; and when Postgres is restarted
 * in the middle of 50 deploys (10 in the short form), each ends with the status that its engine shows.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const [engine, target] = await Promise.all([scene.engine({ tcp: false }), scene.engine()])
    const project = await bringUp(scene, engine)
    const inspection = await inspectProject(project, engine)
    const client = new ProxyClient(project)
    await must(client, 'POST', '/v1/hosts', { name: 'h1', kind: 'docker', endpoint: { url: target.url } })
    await must(client, 'POST', '/v1/tenants', { name: 'acme' })
    const killed = await killEach(project, client, target)
    const restarted = await restartPostgres(project, client, target, long ? DEPLOYS.long : DEPLOYS.short)
    await project.compose('stop', 'api', 'worker')
    const codes = (await project.containers())
      .filter((one) => ['api', 'worker'].includes(serviceOf(one)))
      .map(({ State }) => State.ExitCode)
    return {
      outcome: inspection.outcome && killed.outcome && restarted.outcome && codes.join() === '0,0,0,0',
      lines: [
        `docker build ${seconds(project.took.build)}, docker compose up -d --wait ${seconds(project.took.up)}`,
        ...inspection.lines,
        ...killed.lines,
        ...restarted.lines,
        `docker compose stop: exit codes ${codes.join(', ')}`,
      ],
    }
  })
}

/** Asks through the proxy, and again where nobody answered: with the same key, so that it is carried out once. */
class ProxyClient {
  readonly repeats: string[] = []
  /** The project's own, which asks again by itself. */
  readonly client: MoorageClient
  readonly #project: ComposeProject

  constructor(project: ComposeProject) {
    this.#project = project
    this.client = createMoorageClient({ baseUrl: project.url, token: project.token })
  }

  /** One attempt; 0 where the connection broke. */
  async once(method: string, path: string, options: RequestOptions = {}): Promise<LabResponse> {
    const { url, token } = this.#project
    return await request(url, method, path, { token, ...options }).catch((error: unknown) => ({
      status: 0,
      headers: new Headers(),
      body: String(error),
    }))
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<LabResponse> {
    const headers = { 'idempotency-key': randomUUID(), ...options.headers }
    return await eventually(`${method} ${path} is answered`, async () => {
      const answer = await this.once(method, path, { ...options, headers })
      if (!AGAIN.has(answer.status)) return answer
      this.repeats.push(`${method} ${answer.status}`)
      return null
    })
  }
}

/** One after the other, each in the middle of a deploy, once its like is healthy. Beside it, clients read and write all the time. */
async function killEach(project: ComposeProject, client: ProxyClient, target: LabEngine): Promise<Outcome> {
  const stop = new AbortController()
  const traffic = [readAll(client, stop.signal), writeAll(client, stop.signal)] as const
  const ends: string[] = []
  let image: string = IMAGES.web1
  let running = await startDeploy(client, image)
  const killed: string[] = []
  for (const name of ['api-1', 'worker-1', 'postgres-1', 'api-2', 'worker-2']) {
    const victim = await eventually('its like is healthy', async () => {
      const containers = await project.containers()
      const alike = containers.filter((one) => serviceOf(one) === name.split('-')[0])
      return alike.every(isHealthy) && alike.find((one) => one.Name.endsWith(name))
    })
    const { body } = await client.request('GET', `/v1/operations/${running.id}`)
    if (body.finishedAt !== null) {
      ends.push(body.status)
      image = image === IMAGES.web1 ? IMAGES.web2 : IMAGES.web1
      running = await startDeploy(client, image)
    }
    await project.crash(victim)
    killed.push(name)
    await eventually(`${name} is back`, async () =>
      (await project.containers()).some(
        (one) => one.Name === victim.Name && one.State.Running && one.RestartCount > victim.RestartCount,
      ),
    )
  }
  ends.push((await ended(client, running)).status)
  stop.abort()
  const [reads, writes] = await Promise.all(traffic)
  const made = await countTenants(client)
  const right = await eventually(
    'the engine runs what was deployed',
    async () => {
      const containers = await ourContainers(target)
      return (
        containers.length === SERVICES.length &&
        containers.every((one) => one.state === 'running' && one.image === image)
      )
    },
    20_000,
  ).catch(() => false)
  return {
    outcome:
      ends.every((status) => status === 'succeeded') &&
      right &&
      reads.lost.length === 0 &&
      writes.wrong.length === 0 &&
      made === writes.sent,
    lines: [
      `killed in mid-deploy, and back by themselves: ${killed.join(', ')}; the deploys ended ${ends.join(', ')}; on the engine: ${right ? 'as deployed' : 'SOMETHING ELSE'}`,
      `reads meanwhile: ${reads.sent}, of them 503 while the database was away ${reads.unavailable}, lost ${tally(reads.lost)}`,
      `writes meanwhile: ${writes.sent}, there afterwards ${made}, refused ${tally(writes.wrong)}; asked again with their key: ${tally(client.repeats)}`,
    ],
  }
}

/** How many of the writer's tenants there are. */
async function countTenants(client: ProxyClient, cursor = ''): Promise<number> {
  const { items, nextCursor } = await must(client, 'GET', `/v1/tenants?limit=200${cursor && `&cursor=${cursor}`}`)
  const made = (items as { name: string }[]).filter(({ name }) => name.startsWith('t-')).length
  return nextCursor ? made + (await countTenants(client, nextCursor)) : made
}

/** A chain of three services: long enough to be in its middle. */
async function startDeploy(client: ProxyClient, image: string): Promise<OperationRef> {
  const service = (index: number) =>
    webService(
      image,
      index === 0 ? {} : { depends_on: { [SERVICES[index - 1] ?? '']: { condition: 'service_healthy' } } },
    )
  const services = Object.fromEntries(SERVICES.map((name, index) => [name, service(index)]))
  const { operation } = await must(client, 'PUT', '/v1/tenants/acme/apps/shop', { spec: { services } })
  await eventually('its steps begin', async () => {
    const { body } = await client.request('GET', `/v1/operations/${operation.id}`)
    return body.steps.length >= 2
  })
  return operation
}

/** Reads without ever asking again. A 503 of the API's own is an answer: the database is away, and it says so. */
async function readAll(client: ProxyClient, signal: AbortSignal) {
  const count = { sent: 0, unavailable: 0, lost: [] as string[] }
  while (!signal.aborted) {
    const { status, body } = await client.once('GET', '/v1/tenants/acme/apps/shop')
    count.sent += 1
    if (status === 503 && body.code === 'unavailable') count.unavailable += 1
    else if (status !== 200 && status !== 404) count.lost.push(String(status))
    await pause()
  }
  return count
}

/** New tenants, each with a key. One that were made twice would be refused: its name is taken. */
async function writeAll(client: ProxyClient, signal: AbortSignal) {
  const count = { sent: 0, wrong: [] as string[] }
  while (!signal.aborted) {
    const { status } = await client.request('POST', '/v1/tenants', { body: { name: `t-${count.sent}` } })
    count.sent += 1
    if (status !== 201) count.wrong.push(String(status))
    await pause()
  }
  return count
}

/** Asks for so many deploys, restarts Postgres once some have ended, and compares what the operations say with what runs. */
async function restartPostgres(
  project: ComposeProject,
  client: ProxyClient,
  target: LabEngine,
  deploys: number,
): Promise<Outcome> {
  const spec = { services: { web: webService(IMAGES.web1) } }
  const operations = await Promise.all(
    Array.from(
      { length: deploys },
      async (_, index) => (await must(client, 'PUT', `/v1/tenants/acme/apps/app-${index}`, { spec })).operation,
    ),
  )
  const open = async () => {
    const { items } = await must(client, 'GET', '/v1/tenants/acme/operations?limit=100')
    return (items as { finishedAt: string | null }[]).filter(({ finishedAt }) => finishedAt === null).length
  }
  await eventually('some have ended', async () => (await open()) < deploys)
  const amid = await open()
  await project.compose('restart', 'postgres')
  const ends = await Promise.all(operations.map(async (operation) => await ended(client, operation, 300_000)))
  const containers = await ourContainers(target)
  const isTrue = ({ app, status }: { app: string | null; status: string }) => {
    const mine = containers.filter((one) => one.app === app)
    return status === 'succeeded'
      ? mine.length === 1 && mine.every((one) => one.state === 'running')
      : mine.length === 0
  }
  const lies = ends.filter((end) => !isTrue(end))
  return {
    outcome: amid > 0 && lies.length === 0,
    lines: [
      `Postgres restarted when ${amid} of ${deploys} deploys were open: they ended ${tally(ends.map(({ status }) => status))}; not as the engine shows it: ${lies.length}`,
    ],
  }
}

function serviceOf({ Config }: ComposeContainer): string {
  return Config.Labels['com.docker.compose.service'] ?? ''
}

function isHealthy({ State }: ComposeContainer): boolean {
  return State.Running && State.Health?.Status === 'healthy'
}

function tally(words: readonly string[]): string {
  const counts = Object.entries(Object.groupBy(words, (word) => word)).map(([word, all]) => `${all?.length} × ${word}`)
  return counts.length === 0 ? 'none' : counts.join(', ')
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 40))
}
