import { addHost, deploy, must, type Outcome, ourContainers, Scene, webService } from './scene.ts'
import { IMAGES } from '../lab/images.ts'
import { ended } from '../lab/server.ts'

const APPS = 40

/** Two servers with two databases on one engine, with equal names: neither touches the other's. And 40 apps on one engine. */
export async function prove(): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const engine = await scene.engine({ tcp: false })
    const env = { MOORAGE_RESYNC_SECONDS: '1', MOORAGE_OBSERVE_SECONDS: '1' }
    const servers = await Promise.all(
      [0, 1].map(async () => {
        const server = await scene.server({ databaseUrl: await scene.database(), env })
        await addHost(server, 'h1', engine)
        await must(server, 'POST', '/v1/tenants', { name: 'acme' })
        return server
      }),
    )
    const [one, two] = servers
    if (!one || !two) throw new Error('two servers')
    const app = (image: string) => ({
      services: { web: webService(image, { volumes: ['data:/data/kept'] }) },
      volumes: { data: {} },
    })
    const results = await Promise.all([
      deploy(one, 'acme', 'shop', app(IMAGES.web1)),
      deploy(two, 'acme', 'shop', app(IMAGES.web2)),
    ])
    const both = await ourContainers(engine)
    const { operation } = await must(one, 'DELETE', '/v1/tenants/acme/apps/shop?volumes=true')
    const removed = await ended(one, operation)
    const left = await ourContainers(engine)
    const volumes = (await engine.docker(['volume', 'ls', '-q', '--filter', 'label=moorage.io/app=shop']))
      .split('\n')
      .filter(Boolean)
    const other = both.find(({ image }) => image === IMAGES.web2)
    const untouched =
      left.length === 1 && left[0]?.id === other?.id && left[0]?.state === 'running' && volumes.length === 1

    const startedAt = performance.now()
    const many = {
      services: { web: { image: IMAGES.web1, pull_policy: 'never', deploy: { update_config: { monitor: '1s' } } } },
    }
    const operations = await Promise.all(
      Array.from(
        { length: APPS },
        async (_, index) => (await must(one, 'PUT', `/v1/tenants/acme/apps/app-${index}`, { spec: many })).operation,
      ),
    )
    const ends = await Promise.all(operations.map(async (each) => await ended(one, each, 300_000)))
    const took = performance.now() - startedAt
    const succeeded = ends.filter(({ status }) => status === 'succeeded').length
    const networks = (await engine.docker(['network', 'ls', '-q', '--filter', 'label=moorage.io/app']))
      .split('\n')
      .filter(Boolean)
    const failure = ends.find(({ status }) => status !== 'succeeded')?.error
    return {
      outcome:
        results.every(({ status }) => status === 'succeeded') &&
        both.length === 2 &&
        removed.status === 'succeeded' &&
        untouched &&
        succeeded === APPS,
      lines: [
        `equal names on one engine: ${results.map(({ status }) => status).join(', ')}, containers ${both.length}`,
        `after one removed its app with its volumes: containers ${left.length}, volumes ${volumes.length}, the other's ${untouched ? 'untouched' : 'TOUCHED'}`,
        `${APPS} apps on one engine: ${succeeded} succeeded in ${(took / 1000).toFixed(1)} s, ${networks.length} networks${failure ? `; ${failure.code}: ${failure.message}` : ''}`,
      ],
    }
  })
}
