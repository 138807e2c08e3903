import t from 'tap'
import { WriteBudget } from '../../../src/drivers/kubernetes/write-budget.ts'

const never = new AbortController().signal

t.test('no more turns than the bucket held and has got since, in the order of asking', async (t) => {
  const [perSecond, burst, askers] = [200, 10, 60]
  const begun = performance.now()
  const budget = new WriteBudget({ perSecond, burst })
  const given: number[] = []
  const tooEarly: string[] = []
  await Promise.all(
    Array.from({ length: askers }, async (_, number) => {
      await budget.take(never)
      given.push(number)
      const most = burst + ((performance.now() - begun) / 1000) * perSecond
      if (given.length > most + 0.001) tooEarly.push(`${given.length} given where ${most} were to be had`)
    }),
  )
  t.same(tooEarly, [])
  t.same(
    given,
    given.toSorted((a, b) => a - b),
  )
  t.ok(performance.now() - begun >= ((askers - burst) / perSecond) * 1000 - 1)
})

t.test('after a pause there is a burst again, and no more than one', async (t) => {
  let now = 0
  const budget = new WriteBudget({ perSecond: 1, burst: 3, now: () => now })
  for (let i = 0; i < 3; i++) await budget.take(never)
  now = 1_000_000
  let given = 0
  const asked = new AbortController()
  const all = Array.from({ length: 5 }, async () => {
    await budget.take(asked.signal)
    given++
  })
  await Promise.all(all.slice(0, 3))
  t.equal(given, 3)
  asked.abort(new Error('enough'))
  t.same(
    (await Promise.allSettled(all)).map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
})

t.test('who gives up waiting rejects at once with the reason, and takes nobody’s turn', async (t) => {
  let now = 0
  const budget = new WriteBudget({ perSecond: 1, burst: 1, now: () => now })
  await budget.take(never)
  const giving = new AbortController()
  const first = budget.take(giving.signal)
  const second = budget.take(never)
  const reason = new Error('the lease is over')
  giving.abort(reason)
  await t.rejects(first, reason)
  now = 1000
  await second
  await t.rejects(budget.take(AbortSignal.abort(reason)), reason)
})
