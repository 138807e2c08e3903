import { Gauge, type Registry } from 'prom-client'
import { countSealed, queryOf } from '../db/sealed.ts'
import type { Database } from '../db/types.ts'
import { monotonicMs } from '../lib/clock.ts'
import type { Sealer } from '../lib/seal.ts'
import { SEALED } from '../modules/sealing/index.ts'

/** To count takes a look at every sealed row: it may have this share of the time. */
const COUNTING_SHARE = 0.05

/** Writes how many values each key seals; counted anew once the last count is 20 times as old as it took. */
export function createSealedCount({ db, sealer }: { db: Database; sealer: Sealer }) {
  let counts: Awaited<ReturnType<typeof countSealed>> = []
  let dueAt = 0
  return async (registry: Registry): Promise<void> => {
    const startedAt = monotonicMs()
    if (startedAt >= dueAt) {
      counts = await countSealed(queryOf(db.prisma), SEALED)
      const now = monotonicMs()
      dueAt = now + (now - startedAt) / COUNTING_SHARE
    }
    const rows = new Gauge({
      name: 'moorage_sealed_rows',
      help: 'Values that a sealing key seals, by table. `first`: whether it is the key that seals now.',
      labelNames: ['table', 'key', 'first'],
      registers: [registry],
    })
    for (const { table, key, count } of counts) rows.set({ table, key, first: String(key === sealer.keyIds[0]) }, count)
  }
}
