import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { addHost, must, type Outcome, ourContainers, Scene, webService } from './scene.ts'
import { ownPostgres } from '../lab/database.ts'
import { dumpByCopy, restoreByCopy, wipe } from '../lab/dump.ts'
import type { LabEngine } from '../lab/engines.ts'
import { IMAGES } from '../lab/images.ts'
import { ended, eventually, type LabServer, startServer } from '../lab/server.ts'
import { tablesDigest } from '../lab/tables.ts'

const OTHER_KEYS = `other:${Buffer.alloc(32, 8).toString('base64')}`
const APPS = '/v1/tenants/acme/apps'

const spec = (release: number, replicas = 1) => ({
  services: { web: webService(IMAGES.web1, { environment: { RELEASE: String(release) }, deploy: { replicas } }) },
})

/**
 * Dump, wipe, restore, start: with the keys the hosts answer, the apps' containers are untouched and the next deploy works; with other
 * keys or none the server says so and starts nothing. And a dump from before the latest changes: what was under way in it ends, the
 * engines are made equal to it again, and nothing is there twice.
 */
export async function prove(): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const { url: databaseUrl } = await ownPostgres(scene)
    const engine = await scene.engine({ tcp: false })
    const folder = await mkdtemp(join(tmpdir(), 'moorage-dump-'))
    await chmod(folder, 0o711)
    scene.teardown(async () => await rm(folder, { recursive: true }))
    const start = async () =>
      await scene.server({ databaseUrl, env: { MOORAGE_OBSERVE_SECONDS: '1', MOORAGE_RESYNC_SECONDS: '1' } })

    let server = await start()
    await addHost(server, 'h1', engine)
    await must(server, 'POST', '/v1/tenants', { name: 'acme' })
    await Promise.all(['kept', 'changed', 'removed'].map(async (app) => await apply(server, app, spec(1))))
    const half = await must(server, 'PUT', `${APPS}/half`, { spec: spec(1, 2) })
    await eventually('it is half done', async () => {
      const { steps } = await must(server, 'GET', `/v1/operations/${half.operation.id}`)
      return steps.some(({ action }: { action: string }) => action === 'start_container')
    })
    const queued = await must(server, 'POST', `${APPS}/half/stop`, {})
    await dumpByCopy(databaseUrl, join(folder, 'older'))
    await Promise.all([
      ended(server, queued.operation),
      apply(server, 'changed', spec(2)),
      apply(server, 'later', spec(1)),
      must(server, 'DELETE', `${APPS}/removed`).then(async ({ operation }) => await ended(server, operation)),
    ])
    await dumpByCopy(databaseUrl, join(folder, 'latest'))
    const latest = (await must(server, 'GET', '/v1/operations?limit=1')).items[0].id
    const before = await startedAt(engine)
    await server.stop()

    await wipe(databaseUrl)
    await restoreByCopy(databaseUrl, join(folder, 'latest'))
    const refusals = await refusedStarts(databaseUrl)
    server = await start()
    await observed(server, 4)
    const untouched = JSON.stringify(await startedAt(engine)) === JSON.stringify(before)
    const quiet = (await must(server, 'GET', '/v1/operations?limit=1')).items[0].id === latest
    const next = await apply(server, 'kept', spec(2))
    await server.stop()

    const laterBefore = Object.entries(before).find(([name]) => name.includes('_later_'))
    await wipe(databaseUrl)
    await restoreByCopy(databaseUrl, join(folder, 'older'))
    server = await start()
    const ends = await Promise.all(
      [half.operation, queued.operation].map(async (operation) => await ended(server, operation)),
    )
    const back = await eventually('the engine is as the dump wants it', async () => {
      const apps = (await ourContainers(engine)).filter(({ state }) => state === 'running').map(({ app }) => app)
      return apps.toSorted().join(' ') === 'changed kept later removed' && apps
    }).catch(() => null)
    const unknown = (await server.request('GET', `${APPS}/later`)).status
    const adopted = await apply(server, 'later', spec(1))
    const later = Object.entries(await startedAt(engine)).find(([name]) => name.includes('_later_'))
    const whole = await eventually('every app is whole', async () => {
      const { items } = await must(server, 'GET', '/v1/operations?limit=50')
      const idle = items.every(({ finishedAt }: { finishedAt: string | null }) => finishedAt !== null)
      const containers = await ourContainers(engine)
      const places = new Set(containers.map(({ app, service, ordinal }) => `${app} ${service} ${ordinal}`))
      return idle && places.size === containers.length && containers.length === 6 && containers
    }).catch(() => null)

    const same = JSON.stringify(later) === JSON.stringify(laterBefore)
    return {
      outcome:
        refusals.every(({ holds }) => holds) &&
        untouched &&
        quiet &&
        next.status === 'succeeded' &&
        ends.every(({ status }) => status === 'succeeded') &&
        back !== null &&
        unknown === 404 &&
        adopted.status === 'succeeded' &&
        same &&
        whole !== null,
      lines: [
        ...refusals.map(({ line }) => line),
        `restored with the keys: the host is ready, ${Object.keys(before).length} containers ${untouched ? 'run untouched' : 'were TOUCHED'}, ${quiet ? 'no' : 'AN'} operation was queued; the next deploy ${next.status}`,
        `an older dump: its running operation ended ${ends[0]?.status} after ${ends[0]?.attempts} attempts, its queued one ${ends[1]?.status}`,
        `  apps run as it wants them: ${back === null ? 'NO' : 'yes'}; an app made later is ${unknown}, applied again it ${adopted.status} with ${same ? 'the same container' : 'ANOTHER container'}`,
        `  ${whole === null ? 'something is there TWICE' : 'nothing is there twice'}`,
      ],
    }
  })
}

async function apply(server: LabServer, app: string, body: object) {
  const { operation } = await must(server, 'PUT', `${APPS}/${app}`, { spec: body })
  return await ended(server, operation)
}

/** Every container's id and when it was started, by name. */
async function startedAt(engine: LabEngine): Promise<Record<string, string>> {
  const ids = (await ourContainers(engine)).map(({ id }) => id)
  const lines = await engine.docker(['inspect', '--format', '{{.Name}} {{.Id}} {{.State.StartedAt}}', ...ids])
  return Object.fromEntries(
    lines
      .trim()
      .split('\n')
      .toSorted()
      .map((line) => [line.split(' ')[0], line]),
  )
}

/** Resolves once the host was seen so many times: as many resyncs have been, or more. */
async function observed(server: LabServer, times: number): Promise<void> {
  const seen = new Set<string>()
  await eventually(`the host is seen ${times} times`, async () => {
    const { status, lastSeenAt } = await must(server, 'GET', '/v1/hosts/h1')
    if (status === 'ready') seen.add(lastSeenAt)
    return seen.size > times
  })
}

/** With other keys and with none: how the start ends, and that nothing was written. */
async function refusedStarts(databaseUrl: string): Promise<{ holds: boolean; line: string }[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const results: { holds: boolean; line: string }[] = []
  for (const [what, keys, words] of [
    [
      'with other keys',
      OTHER_KEYS,
      /ended with 1:.*it needs lab \(1 of installation, 1 of hosts\), and was given other; lab is missing/s,
    ],
    ['without keys', '', /ended with 2:.*MOORAGE_SECRET_KEYS must be set/s],
  ] as const) {
    const before = await tablesDigest(client)
    const said = await startServer({ databaseUrl, env: { MOORAGE_SECRET_KEYS: keys } }).then(
      (server) => {
        server.kill('SIGKILL')
        return 'it STARTED'
      },
      (error: Error) => error.message,
    )
    const unwritten = JSON.stringify(await tablesDigest(client)) === JSON.stringify(before)
    const told =
      /(could not start|bad settings)(.|\n)*/.exec(said)?.[0].split('\n').slice(0, 2).join(' ').replace(/"\}$/, '') ??
      said
    results.push({
      holds: words.test(said) && unwritten,
      line: `restored, started ${what}: ${told}; ${unwritten ? 'nothing was written' : 'something was WRITTEN'}`,
    })
  }
  await client.end()
  return results
}
