import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { LogLine, LogOptions } from '../../src/drivers/index.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { all } from './build.ts'
import { type Stage, steady } from './stage.ts'

/** What every driver promises of logs. */
export function logContract(t: Test, stage: Stage): void {
  const { driver, call, subject } = stage
  const { name, traits } = subject

  void t.test(`${name}: a log has both streams in the order of time, as much of it as is wanted`, async (t) => {
    const restart = { policy: 'no', maxAttempts: null } as const
    const desired = await stage.want({ services: { web: steady({ image: IMAGES.crash, restart }) } })
    await t.rejects(stage.bring(desired), { code: 'crash_loop' })
    const { nativeId } = await eventually('it has exited', async () => {
      const [one] = await stage.instances(desired)
      return one?.state === 'exited' && one
    })
    const read = async (wanted: LogOptions): Promise<(readonly LogLine[])[]> =>
      await all(driver.logs(nativeId, wanted, call))
    const both = (await read({ tail: Infinity, follow: false })).flat()
    t.match(both.toSorted(byText), [
      { text: 'it broke', stream: traits.outputs === 'one' ? 'stdout' : 'stderr', cut: false },
      { text: 'one line', stream: 'stdout', cut: false },
    ])
    const [first, last] = both
    if (!first || !last) throw new Error('there are not two lines')
    for (const { time } of both) t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
    t.ok(first.time <= last.time)
    t.strictSame((await read({ tail: 100, follow: false })).flat(), both)
    t.strictSame((await read({ tail: 1, follow: false })).flat(), [last])
    t.strictSame((await read({ tail: 0, follow: false })).flat(), [])
    t.strictSame((await read({ tail: Infinity, since: last.time, follow: false })).flat(), [last], 'since is exact')
    t.strictSame((await read({ tail: 100, since: last.time, follow: false })).flat(), [last])
    t.strictSame((await read({ tail: 100, since: '2999-01-01T00:00:00Z', follow: false })).flat(), [])
    const after = { time: first.time, lines: 1 }
    for (const follow of [false, true]) {
      t.strictSame((await read({ tail: 0, follow, after })).flat(), [last], 'after is what comes later')
      t.strictSame((await read({ tail: 0, follow, after: { time: last.time, lines: 1 } })).flat(), [])
    }
    const followed = await read({ tail: 100, follow: true })
    t.strictSame(followed.flat(), both, 'a followed log of one that has ended ends')
    t.equal(followed.filter(({ length }) => length === 0).length, 1, 'and says once where what was there ends')
    const theirs = stage.connect({ installation: randomUUID() })
    t.strictSame(await all(theirs.logs(nativeId, { tail: 100, follow: true }, call)), [], 'not ours: nothing')
    t.strictSame(await all(driver.logs('no-such-container', { tail: 100, follow: true }, call)), [])
  })

  void t.test(`${name}: a followed log of a container that says nothing more goes on until it is let go`, async (t) => {
    const healthcheck = {
      disabled: true,
      test: null,
      intervalNs: null,
      timeoutNs: null,
      startPeriodNs: null,
      retries: null,
    }
    const desired = await stage.up({ services: { web: steady({ image: IMAGES.broken, healthcheck }) } })
    const { nativeId } = await stage.instance(desired)
    const abort = new AbortController()
    const lines: string[] = []
    let marked = false
    let over = false
    const following = (async () => {
      for await (const batch of driver.logs(nativeId, { tail: 10, follow: true }, { signal: abort.signal })) {
        lines.push(...batch.map(({ text }) => text))
        marked ||= batch.length === 0
      }
      over = true
    })()
    await eventually('its line came', () => marked && lines.length > 0)
    t.strictSame(lines, ['broken'])
    t.notOk(over)
    abort.abort(new Error('enough'))
    await following
    t.ok(over, 'an abort ends it by its return')
  })
}

function byText(a: LogLine, b: LogLine): number {
  return a.text < b.text ? -1 : 1
}
