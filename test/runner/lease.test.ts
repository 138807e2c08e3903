import t from 'tap'
import { randomUUID } from 'node:crypto'
import { CancelAsked, Lease, LeaseOver, StopAsked } from '../../src/runner/lease.ts'
import { FENCE_MS } from '../../src/runner/queue.ts'

const beat = (different: object = {}) => ({
  id: 'op',
  attempt: 1,
  cancelRequested: false,
  supersededBy: null,
  ...different,
})

/** A lease that was claimed at 0 on a clock that only the test moves; its timers never fire. */
function controlled(t: { intercept: typeof import('tap').intercept }) {
  let now = 0
  t.intercept(performance, 'now', { value: () => now, writable: true, configurable: true })
  const timers: (() => void)[] = []
  t.intercept(globalThis, 'setTimeout', {
    value: (work: () => void) => {
      timers.push(work)
      return { unref: () => ({}) }
    },
    writable: true,
    configurable: true,
  })
  t.intercept(globalThis, 'clearTimeout', { value: () => {}, writable: true, configurable: true })
  const lease = new Lease({ id: 'op', attempt: 1, tenantId: null }, randomUUID(), now)
  return { lease, at: (ms: number) => (now = ms), timers }
}

t.test(
  'the guard throws as soon as the time since the last confirmed heartbeat is up, though no timer fired',
  async (t) => {
    const { lease, at } = controlled(t)
    at(FENCE_MS - 1)
    lease.guard()
    lease.confirm(beat(), 2000)
    at(FENCE_MS + 1999)
    lease.guard()
    t.equal(lease.over, null)
    at(FENCE_MS + 2000)
    t.throws(() => lease.guard(), LeaseOver)
    t.equal(lease.over, 'lost')
    t.ok(lease.signal.aborted, 'what is under way ends with it')
  },
)

t.test('what counts is when a heartbeat was sent, not when its answer came', async (t) => {
  const { lease, at } = controlled(t)
  at(5000)
  lease.confirm(beat(), 1000)
  at(FENCE_MS + 999)
  lease.guard()
  at(FENCE_MS + 1000)
  t.throws(() => lease.guard(), LeaseOver)
})

t.test('an answer that was overtaken by a later one takes nothing back', async (t) => {
  const { lease, at } = controlled(t)
  at(4000)
  lease.confirm(beat(), 3500)
  lease.confirm(beat(), 1000)
  at(FENCE_MS + 3499)
  lease.guard()
  t.equal(lease.over, null)
})

t.test('an answer that comes too late brings nothing back', async (t) => {
  const { lease, at } = controlled(t)
  at(FENCE_MS)
  lease.confirm(beat(), FENCE_MS - 1)
  t.equal(lease.over, 'lost')
  lease.confirm(beat(), FENCE_MS)
  t.throws(() => lease.guard(), LeaseOver)
})

t.test('a heartbeat without the row, or of another attempt, ends it', async (t) => {
  for (const answer of [null, beat({ attempt: 2 })]) {
    const { lease } = controlled(t)
    lease.confirm(answer, 0)
    t.equal(lease.over, 'lost')
    t.throws(() => lease.guard(), LeaseOver)
  }
})

t.test('its timer ends it without a call', async (t) => {
  const { lease, at, timers } = controlled(t)
  at(FENCE_MS)
  timers.at(-1)?.()
  t.equal(lease.over, 'lost')
  t.match(lease.signal.reason, { why: 'lost' })
})

t.test('a heartbeat tells of cancellation and of a newer operation; neither ends the lease', async (t) => {
  const { lease } = controlled(t)
  lease.confirm(beat({ cancelRequested: true }), 0)
  t.ok(lease.cancelSignal.reason instanceof CancelAsked)
  t.notOk(lease.stopSignal.aborted)
  lease.confirm(beat({ cancelRequested: true, supersededBy: 'newer' }), 0)
  t.ok(lease.stopSignal.reason instanceof StopAsked)
  t.equal(lease.supersededBy, 'newer')
  lease.guard()
  t.equal(lease.over, null)
})

t.test('a drain ends it for calls, and says so', async (t) => {
  const { lease } = controlled(t)
  lease.end('drain')
  lease.end('lost')
  t.equal(lease.over, 'drain', 'the first reason stays')
  t.throws(() => lease.guard(), LeaseOver)
})
