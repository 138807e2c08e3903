import t from 'tap'
import { appOf, atStep, furnish, IMAGES, onStage, runsExactly } from './infrastructure.ts'
import { ended, eventually, type LabServer } from '../lab/server.ts'
import { must } from '../prove/scene.ts'

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`
const [k1, k2] = [key('k1', 1), key('k2', 2)]

t.test('a sealing key must be replaced, replica by replica, under deploys that go on', async (t) => {
  await onStage(t, async ({ scene, postgres, engine }) => {
    const start = async (keys: string) =>
      await scene.server({ databaseUrl: postgres.url, env: { MOORAGE_SECRET_KEYS: keys } })
    let image: string = IMAGES.web1
    /** A deploy that is half done when `meanwhile` begins. */
    const deployed = async (server: LabServer, meanwhile: () => Promise<LabServer>) => {
      image = image === IMAGES.web1 ? IMAGES.web2 : IMAGES.web1
      const { operation } = await must(server, 'PUT', '/v1/tenants/acme/apps/shop', { spec: appOf(image) })
      await atStep(server, operation.id, 2)
      const next = await meanwhile()
      t.match(await ended(next, operation), { status: 'succeeded', error: null })
      await runsExactly(engine, image)
      return next
    }
    /** A replica with these keys takes the other one's place: it comes before the other goes. */
    const replaced = async (before: LabServer, keys: string) => {
      const after = await start(keys)
      t.equal(await before.stop(), 0)
      return after
    }
    const sealedBy = async (server: LabServer) => {
      const { body } = await server.request('GET', '/metrics')
      const rows = [...String(body).matchAll(/^moorage_sealed_rows\{table="(\w+)",key="(\w+)",first="\w+"\} (\d+)$/gm)]
      return Object.fromEntries(rows.map(([, table, id, count]) => [`${table} ${id}`, Number(count)]))
    }

    let [one, two] = await Promise.all([start(k1), start(k1)])
    await furnish(one, engine)
    ;[one, two] = await Promise.all([replaced(one, `${k1},${k2}`), replaced(two, `${k1},${k2}`)])
    t.match(await sealedBy(two), { 'hosts k1': 1, 'installation k1': 1 })

    one = await deployed(two, async () => await replaced(one, `${k2},${k1}`))
    // The other one still reaches the host, whatever key sealed it meanwhile.
    await eventually('all is sealed anew', async () => {
      const sealed = await sealedBy(two)
      return sealed['hosts k2'] === 1 && sealed['installation k2'] === 1
    })
    t.match(await must(two, 'POST', '/v1/hosts/h1/probe', {}), { status: 'ready' })
    two = await replaced(two, `${k2},${k1}`)

    one = await deployed(two, async () => await replaced(one, k2))
    t.match(await must(one, 'POST', '/v1/hosts/h1/probe', {}), { status: 'ready' })
  })
})
