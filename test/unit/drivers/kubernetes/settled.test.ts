import t from 'tap'
import { desiredOf, isStopped, lookAt, type PodLook, settledOf } from '../../../../src/drivers/kubernetes/settled.ts'
import { pod, workload } from './recorded.ts'

const READY: PodLook = { finished: false, ready: true }
const ENDING: PodLook = { finished: false, ready: false }
const FINISHED: PodLook = { finished: true, ready: false }

t.test('a workload is settled once all of its pods are new and ready', async (t) => {
  for (const name of ['ok', 'sts', 'ds']) t.equal(settledOf(workload(name), null), 'ready', name)
  for (const name of ['unready', 'crash', 'quota-ok', 'quota-sts', 'quota-ds'])
    t.equal(settledOf(workload(name), null), null, name)
})

t.test('what the status says of the generation before counts for nothing', async (t) => {
  for (const name of ['ok', 'sts', 'ds']) {
    const { metadata } = workload(name)
    t.equal(settledOf(workload(name, { metadata: { generation: 2 } }), null), null, name)
    t.equal(metadata.generation, 1)
    t.equal(settledOf(workload(name, { status: { observedGeneration: undefined } }), null), null, name)
  }
})

t.test('a rollout is under way while there are pods of the release before', async (t) => {
  t.equal(settledOf(workload('ok', { status: { replicas: 2 } }), null), null, 'one more')
  t.equal(settledOf(workload('ok', { status: { updatedReplicas: 0 } }), null), null)
  t.equal(settledOf(workload('ok', { status: { availableReplicas: undefined } }), null), null)
  t.equal(settledOf(workload('sts', { status: { updateRevision: 'sts-next' } }), null), null)
  t.equal(settledOf(workload('sts', { status: { readyReplicas: 1 } }), null), null)
  t.equal(settledOf(workload('ds', { status: { updatedNumberScheduled: 0 } }), null), null)
})

t.test('a StatefulSet’s minReadySeconds count where its controller knows them', async (t) => {
  const waits = { spec: { minReadySeconds: 5 } }
  t.equal(settledOf(workload('sts', { ...waits, status: { availableReplicas: 1 } }), null), null)
  t.equal(settledOf(workload('sts', { ...waits, status: { availableReplicas: 2 } }), null), 'ready')
  t.equal(settledOf(workload('sts', waits), null), 'ready', 'an older one tells of none')
})

t.test(
  'what is stopped is settled once no pod is left, though its controller counts those no more that are ending',
  async (t) => {
    const none = { replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 }
    const stopped = [
      workload('ok', { spec: { replicas: 0 }, status: none }),
      workload('sts', { spec: { replicas: 0 }, status: { ...none, updateRevision: 'sts-next' } }),
      workload('ds', { status: { desiredNumberScheduled: 0, updatedNumberScheduled: 0, numberAvailable: 0 } }),
      workload('badjob', { spec: { parallelism: 0 } }),
    ]
    for (const object of stopped) {
      t.equal(settledOf(object, []), 'ready', object.metadata.name)
      t.equal(settledOf(object, [FINISHED]), 'ready', object.metadata.name)
      t.equal(settledOf(object, [ENDING]), null, object.metadata.name)
      t.equal(settledOf(object, null), null, 'without a look at them')
    }
    t.same(stopped.map(isStopped), [true, true, false, true])
    t.equal(settledOf(workload('ds', { status: { desiredNumberScheduled: 0, numberMisscheduled: 1 } }), []), null)
  },
)

t.test('a Job is awaited to its end, or to its start', async (t) => {
  const awaited = { metadata: { annotations: { 'moorage.io/awaited': 'completed' } } }
  const running = {
    spec: { parallelism: 2, completions: 2 },
    status: { conditions: undefined, succeeded: 0, active: 2 },
  }
  t.equal(settledOf(workload('goodjob'), null), 'completed')
  t.equal(settledOf(workload('goodjob', awaited), null), 'completed')
  t.equal(settledOf(workload('badjob'), [FINISHED]), null)
  t.equal(settledOf(workload('goodjob', { ...awaited, ...running }), [READY, READY]), null)
  t.equal(settledOf(workload('goodjob', running), [READY, ENDING]), null)
  t.equal(settledOf(workload('goodjob', running), [READY, READY]), 'ready')
  const half = { ...running, status: { ...running.status, succeeded: 1 } }
  t.equal(settledOf(workload('goodjob', half), [READY, FINISHED]), 'ready', 'one has completed already')
})

t.test('what is on its way out is not what is wanted; other kinds are there or not', async (t) => {
  const deletionTimestamp = '2026-11-28T07:48:40Z'
  t.equal(settledOf(workload('ok', { metadata: { deletionTimestamp } }), []), null)
  const secret = { kind: 'Secret', metadata: { name: 'a', uid: 'b' } }
  t.equal(settledOf(secret, null), 'ready')
  t.equal(settledOf({ ...secret, metadata: { ...secret.metadata, deletionTimestamp } }, null), null)
})

t.test('a DaemonSet alone says how many instances there are to be', async (t) => {
  t.same([workload('ds'), workload('ok'), workload('sts'), workload('goodjob')].map(desiredOf), [1, null, null, null])
})

t.test('what is looked at of a pod', async (t) => {
  t.same(lookAt(pod('ok')), READY)
  t.same(lookAt(pod('unready')), ENDING)
  t.same(lookAt(pod('badjob')), FINISHED)
})
