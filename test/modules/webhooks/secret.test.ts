import t from 'tap'
import { queryOf, reseal } from '../../../src/db/sealed.ts'
import { createSealer } from '../../../src/lib/seal.ts'
import { SEALED } from '../../../src/modules/sealing/index.ts'
import { secretContext, SEALED_WEBHOOKS } from '../../../src/modules/webhooks/signature.ts'
import { webhookScene } from './scene.ts'

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`

t.test("webhooks' secrets are sealed anew with a new first key, each for its own webhook", async (t) => {
  const { api, webhook } = await webhookScene(t)
  const { prisma } = api.db
  const [one, two] = [await webhook('https://example.com/1'), await webhook('https://example.com/2')]
  const old = createSealer(key('k1', 1))
  for (const { id, secret } of [one, two])
    await prisma.webhook.update({ where: { id }, data: { secret: old.seal(secret, secretContext(id)) } })
  await reseal(queryOf(prisma), createSealer(`${key('k2', 2)},${key('k1', 1)}`), SEALED)
  const after = createSealer(key('k2', 2))
  for (const { id, secret } of [one, two]) {
    const row = await prisma.webhook.findUniqueOrThrow({ where: { id } })
    t.equal(after.open(row.secret, SEALED_WEBHOOKS.context([id])), secret)
    t.throws(() => after.open(row.secret, SEALED_WEBHOOKS.context([id === one.id ? two.id : one.id])))
  }
})
