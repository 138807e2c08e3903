import t from 'tap'
import { KeyedLock, Limit } from '../../../src/lib/limit.ts'

const forever = new AbortController().signal

t.test('no more run at once than the limit, in the order of their coming', async (t) => {
  const limit = new Limit(3)
  let running = 0
  let most = 0
  const order: number[] = []
  await Promise.all(
    Array.from(
      { length: 20 },
      async (_, nth) =>
        await limit.run(forever, async () => {
          order.push(nth)
          most = Math.max(most, ++running)
          await new Promise((resolve) => setImmediate(resolve))
          running--
        }),
    ),
  )
  t.equal(most, 3)
  t.same(
    order,
    [...order].toSorted((a, b) => a - b),
  )
  t.ok(limit.idle)
})

t.test('one that waits leaves at the abort, with its reason, and keeps nobody waiting', async (t) => {
  const limit = new Limit(1)
  let release = (): void => undefined
  const first = limit.run(forever, async () => await new Promise<void>((resolve) => (release = resolve)))
  const abort = new AbortController()
  const second = limit.run(abort.signal, async () => t.fail('it never runs'))
  const third = limit.run(forever, async () => 'third')
  abort.abort(new Error('enough'))
  await t.rejects(second, { message: 'enough' })
  release()
  await first
  t.equal(await third, 'third')
  t.ok(limit.idle)
})

t.test('a failure gives its place back', async (t) => {
  const limit = new Limit(1)
  await t.rejects(limit.run(forever, async () => await Promise.reject(new Error('no'))))
  t.equal(await limit.run(forever, async () => 1), 1)
})

t.test('a lock is one at a time for each key, and different keys do not wait for each other', async (t) => {
  const lock = new KeyedLock()
  let release = (): void => undefined
  const a = lock.run('a', forever, async () => await new Promise<void>((resolve) => (release = resolve)))
  let second = false
  const again = lock.run('a', forever, async () => (second = true))
  t.equal(await lock.run('b', forever, async () => 'b'), 'b')
  t.notOk(second)
  release()
  await a
  t.equal(await again, true)
})
