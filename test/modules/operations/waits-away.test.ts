import t from 'tap'
import { openDatabase } from '../../../src/db/index.ts'
import { newId } from '../../../src/lib/ids.ts'
import { createOperationWaits } from '../../../src/modules/operations/waits.ts'
import { quiet } from '../../lab/database.ts'

t.test('a wait, and the end of all waits, do not hang while the database is away', async (t) => {
  // Nobody listens there.
  const db = await openDatabase({ url: 'postgres://x:x@127.0.0.1:1/x', log: quiet })
  const waits = createOperationWaits(db)
  const beganAt = performance.now()
  await t.rejects(waits.wait(newId(), 60_000))
  await waits.close()
  t.ok(performance.now() - beganAt < 10_000)
  await db.close()
})
