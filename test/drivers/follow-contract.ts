import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { EngineChange } from '../../src/drivers/index.ts'
import { eventually } from '../lab/run.ts'
import { type ContractSubject, stageOf } from './stage.ts'

/** What every driver promises of `follow`, as tests against a real engine. */
export function followContract(t: Test, subject: ContractSubject): void {
  const { name } = subject

  void t.test(`${name}: whatever becomes of an app of ours is told, what becomes of others is not`, async (t) => {
    const ours = stageOf(t, subject)
    const theirs = stageOf(t, subject)
    const told: EngineChange[] = []
    const ending = new AbortController()
    const changes = await ours.driver.follow({ signal: ending.signal })
    const following = (async () => {
      for await (const change of changes) told.push(change)
    })()
    const tells = async (nativeId: string): Promise<void> => {
      await eventually(`${nativeId} is told of`, () => told.some((change) => change.nativeId === nativeId))
    }
    await theirs.up()
    const desired = await ours.up()
    const { nativeId } = await ours.instance(desired)
    await tells(nativeId)
    await ours.bring(await ours.change(desired, { replicas: { web: 2 } }))
    for (const one of await ours.instances(desired)) await tells(one.nativeId)
    await eventually('it is quiet', async () => {
      told.splice(0)
      await new Promise((resolve) => setTimeout(resolve, 300))
      return told.length === 0
    })
    const last = await ours.instances(desired)
    await ours.bring(await ours.change(desired, { running: false }))
    for (const one of last) await tells(one.nativeId)
    t.ok(told.every(({ appId }) => appId === desired.app.id))
    ending.abort(new Error('enough'))
    await following
    t.pass('an abort ends it by its return')
  })

  void t.test(`${name}: what was there before is told of too, by whatever changes it`, async (t) => {
    const ours = stageOf(t, subject)
    const desired = await ours.up()
    const { nativeId } = await ours.instance(desired)
    const changes = await ours.driver.follow(ours.call)
    await ours.bring(await ours.change(desired, { running: false }))
    for await (const change of changes) {
      if (change.nativeId === nativeId) break
    }
    t.pass('and who reads no further holds nothing')
  })

  void t.test(`${name}: an aborted signal keeps it from beginning`, async (t) => {
    const driver = subject.connect({ installation: randomUUID(), hostId: randomUUID() })
    t.teardown(async () => await driver.close())
    const reason = new Error('enough')
    await t.rejects(driver.follow({ signal: AbortSignal.abort(reason) }), reason)
  })
}
