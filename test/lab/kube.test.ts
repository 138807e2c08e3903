import { randomUUID } from 'node:crypto'
import t from 'tap'
import { IMAGES } from './images.ts'
import { controlPlane } from './kube-control-plane.ts'
import { requireCluster } from './kube.ts'
import { eventually } from './run.ts'

t.test('a pod of an image of the lab answers at its node port, and goes with its installation', async (t) => {
  const cluster = await requireCluster(t)
  if (!cluster) return
  const installation = randomUUID()
  const namespace = `lab-${installation.slice(0, 8)}`
  t.teardown(async () => await cluster.forget(installation, { wait: false }))
  const labels = { app: 'web' }
  const items = [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'moorage.io/installation': installation } },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name: 'web', labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'web', image: IMAGES.web1, imagePullPolicy: 'Never' }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name: 'web' },
      spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, protocol: 'TCP' }] },
    },
  ]
  await cluster.kubectl(['apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  })
  const address = await cluster.nodePort(namespace, 'web', 80)
  t.ok(address.startsWith(`${cluster.nodeAddress}:`))
  const answer = await eventually('it answers', async () => {
    const reply = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(2000) }).catch(() => null)
    return reply?.ok ? await reply.text() : null
  })
  t.equal(answer.trim(), '1 web')
  await cluster.forget(installation)
  t.equal(await cluster.kubectl(['get', 'namespace', namespace, '--ignore-not-found', '-o', 'name']), '')
})

t.test('the API server that was killed answers no more, and is the same one once it is healed', async (t) => {
  const cluster = await requireCluster(t, { toBreak: true })
  if (!cluster) return
  const identity = ['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']
  const before = await cluster.kubectl(identity)
  await cluster.killApi()
  await t.rejects(cluster.kubectl(identity), /refused/)
  await cluster.healApi()
  await cluster.healApi()
  t.equal(await cluster.kubectl(identity), before)
})

t.test('a cluster without a node is of a test alone, and its pods stay pending', async (t) => {
  const cluster = await controlPlane(t)
  if (!cluster) return
  t.match(cluster.endpoint, { server: /^https:\/\/127\.0\.0\.1:\d+$/, user: { cert: String, key: String } })
  t.equal(await cluster.kubectl(['get', 'nodes', '-o', 'name']), '')
  await cluster.kubectl(['run', 'web', `--image=${IMAGES.web1}`])
  t.equal(await cluster.kubectl(['get', 'pod', 'web', '-o', 'jsonpath={.status.phase}']), 'Pending')
})
