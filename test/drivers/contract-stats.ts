import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { Driver, StatsSample } from '../../src/drivers/index.ts'
import { isAppError } from '../../src/errors/app-error.ts'
import { eventually } from '../lab/run.ts'
import { all } from './build.ts'
import type { Stage } from './stage.ts'

/** What every driver promises of statistics. */
export function statsContract(t: Test, stage: Stage): void {
  const { driver, call, subject } = stage
  const { name, traits } = subject

  if (!traits.stats) {
    void t.test(`${name}: stats that the engine does not have are unavailable, with the reason`, async (t) => {
      const desired = await stage.up()
      const { nativeId } = await stage.instance(desired)
      for (const follow of [true, false])
        await t.rejects(all(driver.stats(nativeId, { follow }, call)), {
          code: 'unavailable',
          options: { detail: /\w/ },
        })
      const stranger = stage.connect({ installation: randomUUID() })
      t.same(await all(stranger.stats(nativeId, { follow: false }, call)), [], "another installation's is not told of")
    })
    return
  }

  void t.test(`${name}: stats are counted from a container's begin, and end with it`, async (t) => {
    const desired = await stage.up()
    const { nativeId } = await stage.instance(desired)
    const once = async (of: Driver, options = call): Promise<StatsSample[]> =>
      await all(of.stats(nativeId, { follow: false }, options))
    // What has just begun may not be measured yet.
    const [first, ...more] = await eventually('it is measured', async () => {
      return await once(driver).catch((error: unknown) => {
        if (isAppError(error, 'unavailable')) return null
        throw error
      })
    })
    t.same(more, [], 'one sample where it is not followed')
    if (!first) throw new Error('no sample')
    t.match(first.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    t.ok(first.cpuCores > 0 && first.memoryBytes > 0 && first.memoryLimitBytes >= first.memoryBytes)
    for (const value of Object.values(first))
      t.ok(value === null || typeof value === 'string' || (Number.isFinite(value) && value >= 0))
    const seen: StatsSample[] = []
    const abort = new AbortController()
    for await (const sample of driver.stats(nativeId, { follow: true }, { signal: abort.signal })) {
      if (seen.push(sample) === 3) abort.abort()
    }
    t.equal(seen.length, 3, 'an abort ends it')
    for (const [index, sample] of seen.entries()) {
      const before = seen[index - 1] ?? first
      t.ok(sample.cpuNs >= before.cpuNs, 'what is counted only grows')
      t.ok((sample.receivedBytes ?? 0) >= (before.receivedBytes ?? 0))
      t.ok(index === 0 || Date.parse(sample.at) > Date.parse(before.at))
    }
    const stranger = stage.connect({ installation: randomUUID() })
    t.same(await once(stranger), [], "another installation's is not told of")
    t.same(await once(driver, { signal: abort.signal }), [], 'an abort before it began ends it as well')
    const ending = all(driver.stats(nativeId, { follow: true }, call))
    await stage.bring(await stage.change(desired, { running: false }))
    t.ok(await ending, 'a followed one ends with its container')
    for (const follow of [true, false]) {
      t.same(await all(driver.stats(nativeId, { follow }, call)), [], 'at once where it does not run')
    }
    await stage.remove(desired)
    t.same(await once(driver), [])
  })
}
