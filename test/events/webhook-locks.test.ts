import t from 'tap'
import { emit } from '../../src/events/index.ts'
import { newId } from '../../src/lib/ids.ts'
import { eventually } from '../lab/run.ts'
import { eventsLab, heldWriter } from './lab.ts'

t.test(
  'a webhook that is made and deleted while events wait for their turn has nobody wait for each other',
  async (t) => {
    const { db, acme } = await eventsLab(t)
    const event = (app: string) => ({ tenantId: acme, type: 'app.created', app }) as const
    const waiting = async (count: number) =>
      await eventually(`${count} wait`, async () => {
        const rows = await db.prisma.$queryRaw<unknown[]>`
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
        return rows.length === count
      })
    let tries = 0
    // Which of two comes first is up to the server: some rounds.
    for (let round = 0; round < 4; round += 1) {
      const id = newId()
      const first = await heldWriter(db, event('first'))
      const made = db.transaction(async (tx) => {
        const secret = Buffer.from('sealed')
        await tx.webhook.create({
          data: { id, tenantId: acme, url: 'https://a.test/', types: [], secret, createdBy: 'me' },
        })
        emit(tx, event('made'))
      })
      await waiting(1)
      const second = heldWriter(db, event('second'))
      await waiting(2)
      const written = db.transaction(async (tx) => {
        tries += 1
        emit(tx, event('written'))
      })
      await waiting(3)
      await first.commit()
      await made
      const held = await second
      const deleted = db.transaction(async (tx) => {
        tries += 1
        await tx.webhook.deleteMany({ where: { id } })
        emit(tx, event('deleted'))
      })
      await waiting(2)
      await held.commit()
      await Promise.all([written, deleted])
    }
    t.equal(tries, 8, 'none was chosen as a deadlock’s victim')
    t.equal(await db.prisma.event.count(), 20)
    t.equal(await db.prisma.webhook.count(), 0)
  },
)
