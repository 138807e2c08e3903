import { deploy, must, type Outcome, Scene, webService } from './scene.ts'
import { clusterScene } from './cluster-scene.ts'
import { IMAGES } from '../lab/images.ts'
import { ended, eventually } from '../lab/server.ts'

/** Objects changed behind our back with `kubectl` are reported as drift with their paths, and put right by a reconcile. */
export async function prove(): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const { cluster, server } = await clusterScene(scene)
    const ports = ['80']
    const up = await deploy(server, 'acme', 'drifting', {
      services: { web: webService(IMAGES.web1, { ports, deploy: { replicas: 2 } }) },
    })
    const namespace = 'mrg-acme-drifting'
    const kubectl = async (...args: string[]) => await cluster.kubectl(['-n', namespace, ...args])
    const web = async () =>
      (await must(server, 'GET', '/v1/tenants/acme/apps/drifting/workloads')).items[0] as {
        status: string
        drift: { path: string; desired: unknown; actual: unknown }[]
      }
    const before = await web()

    await kubectl('scale', 'deployment/web', '--replicas=4')
    await kubectl('set', 'image', 'deployment/web', `web=${IMAGES.web2}`)
    await kubectl('delete', 'networkpolicy', '--all')
    const drifted = await eventually('the drift is told', async () => {
      const seen = await web()
      const paths = seen.drift.map(({ path }) => path)
      return (
        paths.some((path) => path.endsWith('/spec/replicas')) && paths.some((path) => path.includes('/image')) && seen
      )
    })
    const healed = await eventually('what is missing is put back by itself', async () => {
      const names = (await kubectl('get', 'networkpolicy', '-o', 'name')).trim()
      return names !== '' && names.split('\n').length
    })
    const still = await kubectl('get', 'deployment/web', '-o', 'jsonpath={.spec.replicas}')
    const plain = await ended(
      server,
      (await must(server, 'POST', '/v1/tenants/acme/apps/drifting/scale', { services: { web: 3 } })).operation,
    )
    const plan = await must(server, 'POST', '/v1/tenants/acme/apps/drifting/reconcile', { dryRun: true })
    const reconciled = await ended(
      server,
      (await must(server, 'POST', '/v1/tenants/acme/apps/drifting/reconcile')).operation,
    )
    const after = await eventually('nothing has drifted any more', async () => {
      const seen = await web()
      return seen.drift.length === 0 && seen.status === 'running' && seen
    })
    const now = await kubectl(
      'get',
      'deployment/web',
      '-o',
      'jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image}',
    )
    return {
      outcome:
        up.status === 'succeeded' &&
        before.drift.length === 0 &&
        drifted.status !== 'running' &&
        still === '4' &&
        plain.status !== 'succeeded' &&
        plain.error?.code === 'field_conflict' &&
        /kubectl/.test(plain.error.message) &&
        reconciled.status === 'succeeded' &&
        after.status === 'running' &&
        now === `2 ${IMAGES.web1}`,
      lines: [
        `told: ${drifted.status}; ${drifted.drift.map(({ path, desired, actual }) => `${path} ${JSON.stringify(desired)} → ${JSON.stringify(actual)}`).join('; ')}`,
        `deleted network policies put back by the resync: ${healed}; what was changed was left alone (${still} replicas)`,
        `a change without force: ${plain.status} with ${plain.error?.code}: ${plain.error?.message}`,
        `the reconcile's plan: ${plan.plan.text.split('\n')[0]}`,
        `reconcile: ${reconciled.status}; kubectl says ${now}`,
      ],
    }
  })
}
