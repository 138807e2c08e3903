import { addHost, must, type Outcome, ourContainers, percentile, Scene, webService } from './scene.ts'
import { emptyDatabase } from '../lab/database.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually, type LabServer, startServer } from '../lab/server.ts'
import { versionBefore } from '../lab/version-before.ts'

const TENANTS = ['acme', 'globex']

/**
 * The server of the commit before beside this one, on one database and one engine, with requests to both all the while: no request fails,
 * each runs operations that the other accepted, every operation ends as it should.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const { folder, commit } = await versionBefore(scene)
    const { url: databaseUrl } = await emptyDatabase(scene)
    const engine = await scene.engine()
    const old = await scene.server({ databaseUrl, folder })
    await addHost(old, 'h1', engine, 'tcp')
    const load = new Load([old])
    for (const tenant of TENANTS) {
      await must(old, 'POST', '/v1/tenants', { name: tenant })
      load.run(tenant)
    }
    await load.more(long ? 10 : 1)

    const now = await scene.server({ databaseUrl })
    load.servers.push(now)
    await eventually(
      'each has run what the other accepted',
      () => load.ranForAnother(old) > 0 && load.ranForAnother(now) > 0,
      180_000,
    )
    await load.more(long ? 10 : 0)

    load.servers.splice(0, 1)
    const exitCode = await old.stop()
    await load.more(long ? 10 : 1)

    // One that crashed in mid-upgrade, or the way back.
    const again = await startServer({ databaseUrl, folder }).then(
      (server) => {
        scene.teardown(() => server.kill('SIGKILL'))
        load.servers.push(server)
        return 'starts and serves'
      },
      (error: Error) => (/newer than this server/.test(error.message) ? 'is refused' : error.message.slice(-500)),
    )
    await load.more(1)
    await load.end()

    const containers = await ourContainers(engine)
    const exact = TENANTS.every((tenant) => {
      const of = containers.filter(({ name }) => name.includes(`-${tenant}_`))
      return (
        of.length === 2 &&
        of.every(({ state }) => state === 'running') &&
        new Set(of.map((each) => each.digest)).size === 1
      )
    })
    const { failures, latencies, operations } = load
    const bad = operations.filter(({ status }) => status !== 'succeeded')
    return {
      outcome:
        failures.length === 0 && bad.length === 0 && exact && exitCode === 0 && /^(starts|is refused)/.test(again),
      lines: [
        `the version before is ${commit}; ${latencies.length} requests to both, ${failures.length} failed, p99 ${percentile(latencies, 0.99).toFixed(0)} ms`,
        ...failures.slice(0, 5),
        `${operations.length} operations, ${operations.length - bad.length} succeeded${bad[0] ? `; ${bad[0].id} ended ${bad[0].status}` : ''}`,
        `of what the other accepted the old one ran ${load.ranForAnother(old)}, the new one ${load.ranForAnother(now)}; the old one ended with ${exitCode}`,
        `${containers.length} containers run, ${exact ? 'exactly' : 'NOT'} the wanted ones`,
        `the old one, started anew on the new schema, ${again}`,
      ],
    }
  })
}

/** What clients do, a tenant at a time, each request to the next server. Whatever is not 2xx is a failure. */
class Load {
  readonly servers: LabServer[]
  readonly failures: string[] = []
  readonly latencies: number[] = []
  readonly operations: { id: string; tenant: string; acceptedBy: LabServer; status: string }[] = []
  readonly #tenants: string[] = []
  readonly #clients: Promise<void>[] = []
  #ending = false
  #turn = 0

  constructor(servers: LabServer[]) {
    this.servers = servers
  }

  run(tenant: string): void {
    this.#tenants.push(tenant)
    const client = async () => {
      for (let round = 1; !this.#ending; round += 1) await this.#round(tenant, round)
    }
    this.#clients.push(client())
  }

  /** Resolves once each tenant has begun and ended so many operations more. */
  async more(count: number): Promise<void> {
    const begun = this.operations.length
    const done = () => {
      const ended = this.operations.slice(begun).filter(({ status }) => status !== 'running')
      return this.#tenants.every((tenant) => ended.filter((each) => each.tenant === tenant).length >= count)
    }
    await Promise.race([eventually(`${count} operations more`, done, 300_000), ...this.#clients])
  }

  async end(): Promise<void> {
    this.#ending = true
    await Promise.all(this.#clients)
  }

  /** How many operations this server ended that another one accepted: its log says so. */
  ranForAnother(server: LabServer): number {
    const others = new Set(this.operations.filter(({ acceptedBy }) => acceptedBy !== server).map(({ id }) => id))
    return server.lines.filter((line) => {
      const [, id = ''] = /"operationId":"([^"]+)".*"the operation ended"/.exec(line) ?? []
      return others.has(id)
    }).length
  }

  async #round(tenant: string, round: number): Promise<void> {
    const app = `/v1/tenants/${tenant}/apps/shop`
    const web = webService(IMAGES.web1, { environment: { ROUND: String(round) }, deploy: { replicas: 1 } })
    await this.#change(tenant, 'PUT', app, { spec: { services: { web } } })
    await this.#change(tenant, 'POST', `${app}/scale`, { services: { web: 2 } })
  }

  /** A change, and reads until its operation has ended. */
  async #change(tenant: string, method: string, path: string, body: object): Promise<void> {
    const accepted = await this.#request(method, path, body)
    const operation = accepted?.body.operation
    if (!accepted || !operation) return
    const record = { id: operation.id as string, tenant, acceptedBy: accepted.server, status: 'running' }
    this.operations.push(record)
    for (const deadline = performance.now() + 120_000; performance.now() < deadline;) {
      const seen = await this.#request('GET', `/v1/tenants/${tenant}/operations/${record.id}?wait=2`)
      if (seen?.body.finishedAt) {
        record.status = seen.body.status
        return
      }
      await this.#request('GET', `/v1/tenants/${tenant}/apps`)
      await this.#request('GET', `/v1/tenants/${tenant}/apps/shop/instances`)
    }
  }

  async #request(method: string, path: string, body?: object) {
    const server = this.servers[this.#turn++ % this.servers.length] as LabServer
    const startedAt = performance.now()
    try {
      const answer = await server.request(method, path, { body })
      if (!path.includes('wait=')) this.latencies.push(performance.now() - startedAt)
      if (answer.status < 300) return { ...answer, server }
      this.failures.push(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    } catch (error) {
      this.failures.push(`${method} ${path} failed: ${String((error as Error).cause ?? error)}`)
    }
    return null
  }
}
