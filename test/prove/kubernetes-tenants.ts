import { deploy, must, type Outcome, Scene, webService } from './scene.ts'
import { clusterScene } from './cluster-scene.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/server.ts'

/**
 * Two tenants on one cluster, with apps and services of equal names: neither reads the other's, reaches it by name, or counts against it. Whether
 * one reaches the other's addresses is up to the network: the policies are there, and what the network makes of them is tried and told.
 */
export async function prove(): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const { cluster, server } = await clusterScene(scene)
    await must(server, 'POST', '/v1/tenants', { name: 'globex' })
    const token = (await must(server, 'POST', '/v1/tenants/globex/tokens', { name: 'theirs', role: 'owner' }))
      .token as string
    const spec = (version: string) => ({
      services: {
        web: webService(version === '1' ? IMAGES.web1 : IMAGES.web2),
        client: { image: IMAGES.once, pull_policy: 'never', command: ['sleep', '100000'] },
      },
    })
    const ends = [
      await deploy(server, 'acme', 'common', spec('1')),
      await deploy(server, 'globex', 'common', spec('2')),
    ]
    const inside = async (tenant: string, script: string): Promise<string> =>
      (
        await cluster
          .kubectl(['-n', `mrg-${tenant}-common`, 'exec', 'deploy/client', '--', 'sh', '-c', script])
          .catch(
            (error: unknown) => `failed: ${error instanceof Error ? error.message.split('\n').at(-1) : String(error)}`,
          )
      ).trim()
    const asked = async (tenant: string) =>
      await eventually(`web answers in ${tenant}`, async () => {
        const text = await inside(tenant, 'wget -q -O - http://web/')
        return /^\d /.test(text) && text
      })
    const own = [await asked('acme'), await asked('globex')] as const

    const routes = ['', '/workloads', '/instances', '/logs', '/stats', '/releases']
    const reads = await Promise.all(
      routes.map(
        async (route) => (await server.request('GET', `/v1/tenants/acme/apps/common${route}`, { token })).status,
      ),
    )
    const listed = await server.request('GET', '/v1/tenants/globex/apps', { token })
    const hosts = (await server.request('GET', '/v1/hosts', { token })).status
    const serviceToken = await inside('globex', 'ls /var/run/secrets/kubernetes.io 2>/dev/null | wc -l')

    const byName = await inside('globex', 'wget -q -O - http://web.mrg-acme-common.svc.cluster.local/ 2>&1')
    const policies = (await cluster.kubectl(['-n', 'mrg-acme-common', 'get', 'networkpolicy', '-o', 'name']))
      .trim()
      .split('\n')
    const denied = (
      await cluster.kubectl([
        '-n',
        'mrg-acme-common',
        'get',
        'networkpolicy/default-deny',
        '-o',
        'jsonpath={.spec.podSelector}{.spec.policyTypes}{.spec.ingress}',
      ])
    ).trim()
    const enforced = !byName.startsWith('1 ')

    // One uses up all that its namespace allows; the other goes on.
    const quota = async (tenant: string) =>
      (
        await cluster.kubectl([
          '-n',
          `mrg-${tenant}-common`,
          'get',
          'resourcequota/moorage',
          '-o',
          'jsonpath={.status.used.pods} of {.status.hard.pods}',
        ])
      ).trim()
    const before = await quota('globex')
    const scaled = await must(server, 'POST', '/v1/tenants/acme/apps/common/scale?wait=60', { services: { client: 6 } })
    const [theirs, ours] = [await quota('globex'), await quota('acme')]

    const apart =
      ends.every(({ status }) => status === 'succeeded') && own[0].startsWith('1 ') && own[1].startsWith('2 ')
    const hidden = reads.every((status) => status === 404) && hosts === 403 && listed.body.items.length === 1
    return {
      outcome:
        apart &&
        hidden &&
        serviceToken === '0' &&
        policies.length >= 2 &&
        !denied.includes('"from"') &&
        scaled.operation.status === 'succeeded' &&
        theirs === before &&
        ours !== before,
      lines: [
        `equal names: acme's web answers ${JSON.stringify(own[0])}, globex's ${JSON.stringify(own[1])}`,
        `globex reading acme's app: ${reads.join(', ')}; hosts: ${hosts}; credentials of the cluster in a pod: ${serviceToken}`,
        `network policies of acme: ${policies.join(', ')}; default-deny: ${denied}`,
        `globex asking acme's web by its full name: ${enforced ? `no answer (${byName})` : `${JSON.stringify(byName)}: this cluster's network enforces no policies`}`,
        `pods counted: globex ${before} before and ${theirs} after acme scaled to ${ours}`,
      ],
    }
  })
}
