import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { EngineChange } from '../../src/drivers/index.ts'
import type { DesiredApp } from '../../src/planning/index.ts'
import { eventually } from '../lab/run.ts'
import { containerStep, desiredApp, networkStep, type step } from './build.ts'
import type { ContractSubject } from './stage.ts'

/** What drivers of single containers promise of `follow`: each change of one is told as it is made. */
export function containerFollowContract(t: Test, { name: subject, connect }: ContractSubject): void {
  const name = `${subject}, step by step`
  const up = async (installation: string) => {
    const driver = connect({ installation, hostId: randomUUID() })
    t.teardown(async () => await driver.close())
    const desired = desiredApp({ installation })
    const call = { signal: new AbortController().signal }
    const run = async (...steps: ReturnType<typeof step>[]) => {
      for (const one of steps) await driver.execute(one, desired, call)
    }
    return { driver, desired, run, call }
  }
  const idOf = async ({ driver, desired, call }: Awaited<ReturnType<typeof up>>): Promise<string> =>
    (await driver.observe({ appId: desired.app.id }, call)).instances[0]?.nativeId ?? ''
  const makeIt = (desired: DesiredApp) => [
    networkStep(desired, 'create_network'),
    containerStep(desired, 'create_container'),
    containerStep(desired, 'start_container'),
  ]

  void t.test(`${name}: each change of a container of ours is told, those of others are not`, async (t) => {
    const ours = await up(randomUUID())
    const theirs = await up(randomUUID())
    const told: EngineChange[] = []
    const ending = new AbortController()
    const changes = await ours.driver.follow({ signal: ending.signal })
    const following = (async () => {
      for await (const change of changes) told.push(change)
    })()
    const tells = async (what: string) => {
      await eventually(what, () => told.length > 0)
      return told.splice(0)
    }
    await theirs.run(...makeIt(theirs.desired))
    await ours.run(...makeIt(ours.desired))
    const nativeId = await idOf(ours)
    const appId = ours.desired.app.id
    const seen = await tells('that it is there')
    t.ok(seen.every((change) => change.nativeId === nativeId && change.appId === appId))
    await eventually('it is quiet', async () => {
      told.splice(0)
      await new Promise((resolve) => setTimeout(resolve, 300))
      return told.length === 0
    })
    for (const action of ['withdraw', 'promote', 'stop_container', 'remove_container'] as const) {
      await ours.run(containerStep(ours.desired, action, { nativeId }))
      t.match(await tells(action), [{ nativeId, appId }], action)
    }
    ending.abort(new Error('enough'))
    await following
    t.pass('an abort ends it by its return')
    await theirs.run(containerStep(theirs.desired, 'remove_container', { nativeId: await idOf(theirs) }))
  })

  void t.test(`${name}: what was there before is told of too, by whatever changes it`, async (t) => {
    const ours = await up(randomUUID())
    await ours.run(...makeIt(ours.desired))
    const nativeId = await idOf(ours)
    const changes = await ours.driver.follow(ours.call)
    await ours.run(containerStep(ours.desired, 'withdraw', { nativeId }))
    for await (const change of changes) {
      if (change.nativeId === nativeId) break
    }
    t.pass('and who reads no further holds nothing')
    await ours.run(containerStep(ours.desired, 'remove_container', { nativeId }))
  })
}
