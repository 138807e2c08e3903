import { addHost, deploy, must, type Outcome, ourContainers, Scene, webService } from './scene.ts'
import { IMAGES, readClient } from '../lab/images.ts'
import { eventually } from '../lab/server.ts'

/**
 * A client in the app's own network asks for http://web (a new look-up and connection each, 50 a second) through a good release and through
 * one that never gets healthy: none fails, the second ends `rolled_back`, and later (5 minutes in the long form, ten resyncs in
 * the short one) the old one still runs.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const databaseUrl = await scene.database()
    const engine = await scene.engine({ tcp: false })
    const server = await scene.server({
      databaseUrl,
      env: { MOORAGE_RESYNC_SECONDS: '1', MOORAGE_OBSERVE_SECONDS: '1' },
    })
    await addHost(server, 'h1', engine)
    await must(server, 'POST', '/v1/tenants', { name: 'acme' })
    const spec = (image: string, more = {}) => ({
      services: { web: webService(image, { deploy: { replicas: 2 }, ...more }) },
    })
    const first = await deploy(server, 'acme', 'shop', spec(IMAGES.web1))

    const network = (
      await engine.docker(['network', 'ls', '--filter', 'label=moorage.io/app=shop', '--format', '{{.Name}}'])
    ).trim()
    const client = (
      await engine.docker(['run', '-d', '--network', network, '-e', 'COUNT=100000', IMAGES.client])
    ).trim()
    const counted = async () => readClient(await engine.docker(['logs', '--tail', '5', client]))
    await eventually('the client asks', async () => (await counted()).n > 50)

    const good = await deploy(server, 'acme', 'shop', spec(IMAGES.web2))
    const afterGood = await eventually('the client sees the new release', async () => {
      const seen = await counted()
      return seen.last.startsWith('2 ') && seen
    })
    const bad = await deploy(
      server,
      'acme',
      'shop',
      spec(IMAGES.broken, { healthcheck: { test: ['CMD', '/bin/false'], interval: '500ms', retries: 3 } }),
    )
    const from = (await counted()).n
    const later = long ? 300_000 : 10_000
    const endAt = performance.now() + later
    await eventually('the time is up', async () => performance.now() > endAt, later + 60_000)
    const end = await counted()
    const containers = await ourContainers(engine)
    const failures = (await engine.docker(['logs', client]))
      .split('\n')
      .filter((line) => line.includes('wget'))
      .slice(0, 3)
    const still =
      containers.length === 2 && containers.every(({ state, image }) => state === 'running' && image === IMAGES.web2)
    return {
      outcome:
        first.status === 'succeeded' &&
        good.status === 'succeeded' &&
        bad.status === 'rolled_back' &&
        end.failed === 0 &&
        end.n > from &&
        still,
      lines: [
        `good release: ${good.status}; requests by then ${afterGood.n}, failed ${afterGood.failed}`,
        `bad release: ${bad.status} (${bad.error?.code}: ${String(bad.error?.message).split('\n')[0]})`,
        `requests in all ${end.n}, failed ${end.failed}${failures.length > 0 ? `: ${failures.join(' ')}` : ''}`,
        `${later / 1000} s later: ${containers.map(({ state, image }) => `${image} ${state}`).join(', ')}`,
      ],
    }
  })
}
