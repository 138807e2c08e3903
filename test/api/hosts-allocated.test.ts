import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { addHost, appClient, succeed } from './scene.ts'

const spec = {
  services: {
    web: { image: 'web', deploy: { replicas: 2, resources: { limits: { cpus: '0.5', memory: '128M' } } } },
    db: { image: 'db', deploy: { resources: { reservations: { cpus: '0.25', memory: '64M' } } } },
    free: { image: 'free' },
  },
}
const MIB = 1024 * 1024

t.test('a host tells what all tenants’ apps on it may take', async (t) => {
  const api = await apiHarness(t)
  const tenants = [await api.tenant('acme'), await api.tenant('other')]
  const hostId = await addHost(api, 'one')
  await addHost(api, 'two')
  const allocated = async (name = 'one') => (await api.request('GET', `/v1/hosts/${name}`)).body.allocated
  t.same(await allocated(), { instances: 0, cpus: 0, memory: 0 })

  const [shop, theirs] = tenants.map((tenant) => appClient(api, tenant))
  if (!shop || !theirs) return
  for (const app of [shop, theirs]) await succeed(api, (await app.apply({ spec })).body.operation.id)
  t.same(await allocated(), { instances: 0, cpus: 0, memory: 0 }, 'what has no host yet takes nothing')
  await api.db.prisma.app.updateMany({ data: { hostId } })
  t.same(await allocated(), { instances: 0, cpus: 2.5, memory: 640 * MIB })

  await succeed(api, (await shop.post('/scale', { services: { web: 4 } })).body.operation.id)
  t.match(await allocated(), { cpus: 3.5, memory: 896 * MIB }, 'as many as are wanted, not as the spec had')
  await succeed(api, (await theirs.post('/stop')).body.operation.id)
  t.match(await allocated(), { cpus: 2.25, memory: 576 * MIB }, 'what is stopped takes nothing')
  t.match((await api.request('GET', '/v1/hosts')).body.items, [
    { allocated: { cpus: 2.25 } },
    { allocated: { cpus: 0 } },
  ])
})
