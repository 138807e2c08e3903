import { deploy, must, type Outcome, Scene, webService } from './scene.ts'
import { clusterScene } from './cluster-scene.ts'
import { IMAGES } from '../lab/images.ts'
import { ended, eventually } from '../lab/server.ts'

const AWAY_MS = 20_000

/** The cluster's API server is killed in the middle of a rollout and comes back after 20 s: the operation goes on and ends truthfully. */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const { cluster, server } = await clusterScene(scene, { toBreak: true })
    const spec = (image: string, run: string) => ({
      services: { web: webService(image, { environment: { RUN: run }, deploy: { replicas: 4 } }) },
    })
    const first = await deploy(server, 'acme', 'killed', spec(IMAGES.web1, '0'))
    const lines: string[] = [`first: ${first.status}`]
    let holds = first.status === 'succeeded'
    const cut = async (image: string, run: string) => {
      const { operation } = await must(server, 'PUT', '/v1/tenants/acme/apps/killed', { spec: spec(image, run) })
      await eventually('the rollout has begun', async () => {
        const { steps } = await must(server, 'GET', `/v1/operations/${operation.id}`)
        return (steps as { action: string; status: string }[]).some(
          ({ action, status }) => action === 'await_rollout' && status === 'running',
        )
      })
      const killedAt = performance.now()
      scene.teardown(async () => await cluster.healApi())
      await cluster.killApi()
      const parked = await eventually('it is parked', async () => {
        const seen = await must(server, 'GET', `/v1/operations/${operation.id}`)
        return seen.status === 'running' && seen.reason === 'backoff' && seen
      })
      await eventually('the time is up', () => performance.now() - killedAt > AWAY_MS)
      await cluster.healApi()
      return { parked, end: await ended(server, operation, 300_000) }
    }
    for (let round = 0; round < (long ? 3 : 1); round += 1) {
      const image = round % 2 === 0 ? IMAGES.web2 : IMAGES.web1
      const { parked, end } = await cut(image, `good-${round}`)
      const images = (
        await cluster.kubectl([
          '-n',
          'mrg-acme-killed',
          'get',
          'pods',
          '-l',
          'moorage.io/service=web',
          '--field-selector=status.phase=Running',
          '-o',
          'jsonpath={range .items[*]}{.spec.containers[0].image}{"\\n"}{end}',
        ])
      )
        .trim()
        .split('\n')
      const right = images.filter((one) => one === image).length >= 4
      holds &&= end.status === 'succeeded' && parked.error?.code === 'host_unreachable' && right
      lines.push(
        `a good release: parked with ${parked.error?.code}, then ${end.status} after ${end.attempts} attempts; ${images.length} pods run`,
      )
    }
    const { end: bad } = await cut('mrg-test/none:1', 'bad')
    holds &&= bad.status === 'rolled_back' && bad.error?.code === 'image_not_found'
    lines.push(
      `a release whose image is not there: ${bad.status} with ${bad.error?.code} after ${bad.attempts} attempts`,
    )
    return { outcome: holds, lines }
  })
}
