import { addHost, must, type Outcome, percentile, Scene, webService } from './scene.ts'
import { IMAGES } from '../lab/images.ts'
import { ended, eventually } from '../lab/server.ts'

/**
 * A host cut off in mid-deploy: the operation parks and tries again, and succeeds after the cut heals, or ends `failed` with
 * `host_unreachable`; the API answers all along, and another host's operations are not delayed.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const databaseUrl = await scene.database()
    const [near, far] = await Promise.all([scene.engine({ tcp: false }), scene.engine()])
    const server = await scene.server({
      databaseUrl,
      env: { MOORAGE_OBSERVE_SECONDS: '2', MOORAGE_PROGRESS_DEADLINE_SECONDS: long ? '90' : '40' },
    })
    await addHost(server, 'near', near, 'socket', { zone: 'near' })
    await addHost(server, 'far', far, 'tcp', { zone: 'far' })
    await must(server, 'POST', '/v1/tenants', { name: 'acme' })
    const spec = (zone: string, replicas: number, run = '') => ({
      services: { web: webService(IMAGES.web1, { environment: { RUN: run }, deploy: { replicas } }) },
      'x-moorage': { placement: { hosts: { zone } } },
    })
    const apply = async (app: string, body: object) =>
      (await must(server, 'PUT', `/v1/tenants/acme/apps/${app}`, { spec: body })).operation

    const answers: number[] = []
    const polling = new AbortController()
    const polled = (async () => {
      while (!polling.signal.aborted) {
        const startedAt = performance.now()
        await must(server, 'GET', '/v1/tenants/acme/apps')
        answers.push(performance.now() - startedAt)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })()
    // Read at the end; what broke before is told first.
    polled.catch(() => {})
    const timed = async (app: string, run: string) => {
      const startedAt = performance.now()
      const end = await ended(server, await apply(app, spec('near', 1, run)))
      return { ms: performance.now() - startedAt, status: end.status as string }
    }

    const before = await timed('before', '1')
    const cut = async (app: string) => {
      const operation = await apply(app, spec('far', 3))
      await eventually(
        'its steps begin',
        async () => (await must(server, 'GET', `/v1/operations/${operation.id}`)).steps.length > 3,
      )
      await far.cutOff()
      const parked = await eventually('it is parked', async () => {
        const seen = await must(server, 'GET', `/v1/operations/${operation.id}`)
        return seen.status === 'running' && seen.reason === 'backoff' && seen
      })
      return { operation, parked }
    }
    const healing = await cut('healing')
    const beside = await timed('beside', '2')
    await far.heal()
    const healed = await ended(server, healing.operation)
    const failing = await cut('failing')
    const failed = await ended(server, failing.operation, 300_000)
    polling.abort()
    await polled
    const hosts = (await must(server, 'GET', '/v1/hosts')).items as { name: string; status: string }[]
    await far.heal()
    const again = await eventually(
      'the host is ready again',
      async () => (await must(server, 'GET', '/v1/hosts/far')).status === 'ready',
      60_000,
    )

    const p99 = percentile(answers, 0.99)
    return {
      outcome:
        healed.status === 'succeeded' &&
        failed.status === 'failed' &&
        failed.error?.code === 'host_unreachable' &&
        beside.status === 'succeeded' &&
        beside.ms < 3 * before.ms + 2000 &&
        hosts.find(({ name }) => name === 'far')?.status === 'unreachable' &&
        again &&
        (!long || p99 < 100),
      lines: [
        `cut off, then healed: parked with ${healing.parked.error?.code}, then ${healed.status} after ${healed.attempts} attempts`,
        `cut off for good: ${failed.status} with ${failed.error?.code} after ${failed.attempts} attempts`,
        `the API all along: ${answers.length} answers, p50 ${percentile(answers, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (goal 100 ms)`,
        `a deploy on the other host: ${before.ms.toFixed(0)} ms before, ${beside.ms.toFixed(0)} ms beside the cut`,
        `hosts: ${hosts.map(({ name, status }) => `${name} ${status}`).join(', ')}; far is ready again after the heal: ${again}`,
      ],
    }
  })
}
