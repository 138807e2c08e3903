import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { Driver, Identity, LogLine, LogOptions } from '../../src/drivers/index.ts'
import type { DesiredApp, ObservedApp } from '../../src/planning/index.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { all, containerStep, desiredApp, freely, service } from './build.ts'

interface LogContract {
  readonly name: string
  readonly connect: (identity: Identity) => Driver
  readonly driver: Driver
  readonly installation: string
  readonly up: (desired: DesiredApp) => Promise<void>
  readonly lookAt: (desired: DesiredApp) => Promise<ObservedApp>
}

/** What every driver promises of logs. */
export function logContract(t: Test, { name, connect, driver, installation, up, lookAt }: LogContract): void {
  const call = freely()

  void t.test(`${name}: a log has both streams in the order of time, as much of it as is wanted`, async (t) => {
    const desired = desiredApp({ installation, services: { web: service({ image: IMAGES.crash }) } })
    await up(desired)
    const { nativeId } = await eventually('it has exited', async () => {
      const [container] = (await lookAt(desired)).containers
      return container?.state === 'exited' && container
    })
    const read = async (wanted: LogOptions): Promise<(readonly LogLine[])[]> =>
      await all(driver.logs(nativeId, wanted, call))
    const both = (await read({ tail: Infinity, follow: false })).flat()
    t.match(both.toSorted(byText), [
      { text: 'it broke', stream: 'stderr', cut: false },
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
    const theirs = connect({ installation: randomUUID(), hostId: randomUUID() })
    t.teardown(async () => await theirs.close())
    t.strictSame(await all(theirs.logs(nativeId, { tail: 100, follow: true }, call)), [], 'not ours: nothing')
    t.strictSame(await all(driver.logs('no-such-container', { tail: 100, follow: true }, call)), [])
  })

  void t.test(`${name}: a followed log of a container that says nothing more goes on until it is let go`, async (t) => {
    const desired = desiredApp({ installation, services: { web: service({ image: IMAGES.broken }) } })
    await up(desired)
    const [container] = (await lookAt(desired)).containers
    const abort = new AbortController()
    const lines: string[] = []
    let marked = false
    let over = false
    const following = (async () => {
      for await (const batch of driver.logs(
        container?.nativeId ?? '',
        { tail: 10, follow: true },
        { signal: abort.signal },
      )) {
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
    const nativeId = container?.nativeId ?? null
    await driver.execute(containerStep(desired, 'remove_container', { nativeId }), desired, call)
  })
}

function byText(a: LogLine, b: LogLine): number {
  return a.text < b.text ? -1 : 1
}
