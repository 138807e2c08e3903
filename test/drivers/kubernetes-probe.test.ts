import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createDriver, type ClusterEndpoint, type Driver } from '../../src/drivers/index.ts'
import { requireCluster } from '../lab/kube.ts'
import { labRole } from '../lab/kube-role.ts'
import { eventually } from '../lab/run.ts'
import { freely } from './build.ts'

const call = freely()
const cluster = await requireCluster(t, { images: false })
if (cluster && !('inCluster' in cluster.endpoint)) {
  const { endpoint } = cluster
  const installation = randomUUID()
  const drive = (
    t: { teardown(work: () => unknown): unknown },
    user: Exclude<ClusterEndpoint, { readonly inCluster: true }>['user'] = endpoint.user,
    options: { readonly settings?: object; readonly installation?: string } = {},
  ): Driver => {
    const identity = { installation: options.installation ?? installation, hostId: randomUUID() }
    const settings = options.settings ?? {}
    const driver = createDriver('kubernetes', { endpoint: { cluster: { ...endpoint, user } }, identity, settings })
    t.teardown(async () => await driver.close())
    return driver
  }

  t.test('a probe tells the version, what the nodes have, what is served, and whose host it is', async (t) => {
    const driver = drive(t)
    const probe = await driver.probe(call)
    const { serverVersion } = JSON.parse(await cluster.kubectl(['version', '-o', 'json']))
    t.equal(`v${probe.version}`, serverVersion.gitVersion)
    t.equal(driver.capabilities.ownIdentity, true)
    const { items } = JSON.parse(await cluster.kubectl(['get', 'nodes', '-o', 'json']))
    t.equal(probe.capacity?.cpus, items.length === 1 ? Number(items[0].status.allocatable.cpu) : probe.capacity?.cpus)
    t.ok((probe.capacity?.memory ?? 0) > 2 ** 28)
    const { facts } = probe as {
      facts: { version: string; apis: string[]; podSecurity: boolean; architectures: string[] }
    }
    t.match(facts, { version: /^1\.\d+$/, architectures: [items[0].status.nodeInfo.architecture] })
    const served = (await cluster.kubectl(['api-versions'])).split('\n')
    t.equal(facts.apis.includes('apps/v1/deployments'), true)
    t.equal(facts.apis.includes('policy/v1/poddisruptionbudgets'), served.includes('policy/v1'))
    t.equal(facts.apis.includes('metrics.k8s.io/v1beta1/pods'), served.includes('metrics.k8s.io/v1beta1'))
    t.equal(facts.podSecurity, Number(facts.version.split('.')[1]) >= 23)
    t.ok(facts.apis.every((api) => !api.endsWith('/status')))
  })

  t.test('the same cluster is the same host of an installation, and another one of another', async (t) => {
    const [one, other, elsewhere] = await Promise.all([
      drive(t).probe(call),
      drive(t).probe(call),
      drive(t, endpoint.user, { installation: randomUUID() }).probe(call),
    ])
    t.match(one.markerHostId, /^[0-9a-f]{8}-[0-9a-f]{4}-5/)
    t.equal(one.markerHostId, other.markerHostId)
    t.not(one.markerHostId, elsewhere.markerHostId)
    const driver = drive(t)
    t.equal(await driver.mark(call), one.markerHostId)
    await driver.unmark(call)
    t.equal((await driver.probe(call)).markerHostId, one.markerHostId)
  })

  t.test(
    'an account with the role of deploy/kubernetes/rbac.yaml passes, one with less is told what is missing',
    async (t) => {
      const role = await labRole(t, cluster, `mrgt-role-${randomUUID().slice(0, 8)}`)
      const user = { token: role.token }
      // A role that was just made is not known to the authorizer at once.
      await eventually(
        'the role holds',
        async () =>
          await drive(t, user)
            .probe(call)
            .then(
              () => true,
              () => false,
            ),
      )
      const driver = drive(t, user)
      const { markerHostId } = await driver.probe(call)
      t.equal(markerHostId, (await drive(t).probe(call)).markerHostId)

      await t.rejects(drive(t, user, { settings: { nodeStats: true } }).probe(call), {
        code: 'host_forbidden',
        message: 'our role in the cluster does not allow: get nodes/proxy',
      })

      await role.setRules((rules) =>
        rules.flatMap((rule) => {
          if (rule.resources.includes('pods/log')) return []
          if (!rule.resources.includes('deployments')) return [rule]
          return [{ ...rule, verbs: rule.verbs.filter((verb) => verb !== 'patch') }]
        }),
      )
      const lacking = drive(t, user)
      let error: unknown
      await eventually('the smaller role holds', async () => {
        error = await lacking.probe(call).then(
          () => null,
          (error: unknown) => error,
        )
        return error !== null
      })
      t.match(error, {
        code: 'host_forbidden',
        message:
          'our role in the cluster does not allow: patch apps/deployments, patch apps/statefulsets, patch apps/daemonsets, get pods/log',
      })
      await role.setRules((rules) => rules)
      await eventually(
        'what was missing is there',
        async () =>
          await lacking.probe(call).then(
            () => true,
            () => false,
          ),
      )

      await role.revoke()
      await eventually('the token is dead', async () => {
        error = await driver.probe(call).then(
          () => null,
          (error: unknown) => error,
        )
        return error !== null
      })
      t.match(error, { code: 'host_unreachable', message: /does not take our credentials/ })
      t.notMatch(String(error), role.token)
    },
  )

  t.test('credentials that nobody knows', async (t) => {
    const error: unknown = await drive(t, { token: 'hunter2' })
      .probe(call)
      .catch((error: unknown) => error)
    t.match(error, {
      code: 'host_unreachable',
      message: 'probe: the API server does not take our credentials (Unauthorized)',
    })
  })

  t.test('an endpoint of another kind is none of a cluster, and a cluster’s none of Docker', async (t) => {
    const identity = { installation, hostId: randomUUID() }
    const socket = { endpoint: { socketPath: '/x' }, identity, settings: {} }
    t.throws(() => createDriver('kubernetes', socket), { code: 'unsupported' })
    t.throws(() => createDriver('docker', { endpoint: { cluster: endpoint }, identity, settings: {} }), {
      code: 'unsupported',
    })
  })
}
