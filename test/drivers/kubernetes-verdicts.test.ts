import t from 'tap'
import type { Progress } from '../../src/drivers/index.ts'
import type { ErrorCode } from '../../src/errors/codes.ts'
import type { DeclaredObject } from '../../src/planning/index.ts'
import { requireCluster } from '../lab/kube.ts'
import { objectScene, type ObjectScene, type WorkloadWish } from './kubernetes-objects.ts'

interface Case {
  readonly wish: WorkloadWish
  readonly state: 'waiting' | 'failed'
  readonly code: ErrorCode
  readonly detail: RegExp
  /** No pod of the workload shows it. */
  readonly nobody?: true
}

const EVERY_SECOND = { periodSeconds: 1, timeoutSeconds: 2, successThreshold: 1, failureThreshold: 3 }
/** What it says comes by an event, which a busy node tells late. */
const NOT_YET = { exec: { command: ['sh', '-c', 'echo not yet; exit 1'] }, ...EVERY_SECOND }
const CRASH = 'echo one; echo two; exit 3'
const web = (wish: Omit<WorkloadWish, 'kind'>): WorkloadWish => ({ kind: 'Deployment', ...wish })

const CASES: readonly Case[] = [
  {
    wish: web({ name: 'never', container: { image: 'mrg-test/nothere:1' } }),
    state: 'failed',
    code: 'image_not_found',
    detail: /nothere:1 is not on the node, and its pull policy is never/,
  },
  {
    wish: web({ name: 'invalid', container: { image: 'mrg-test/NOT:1', imagePullPolicy: 'IfNotPresent' } }),
    state: 'failed',
    code: 'image_not_found',
    detail: /NOT:1 is no name of an image/,
  },
  {
    // Whoever listens there one day may have been away for a moment: three tries.
    wish: web({ name: 'pull', container: { image: '127.0.0.1:9/nothere:1', imagePullPolicy: 'Always' } }),
    state: 'failed',
    code: 'image_not_found',
    detail: /pull 127.0.0.1:9\/nothere:1: its registry can not be reached .*connection refused/,
  },
  {
    wish: web({ name: 'crash', script: CRASH }),
    state: 'failed',
    code: 'crash_loop',
    detail: /^it has restarted 3 times, the last time it exited with 3; its last lines:\none\ntwo$/,
  },
  {
    wish: { kind: 'StatefulSet', name: 'crash-set', script: CRASH },
    state: 'failed',
    code: 'crash_loop',
    detail: /exited with 3; its last lines:\none\ntwo$/,
  },
  {
    wish: web({ name: 'ends', script: 'exit 0' }),
    state: 'failed',
    code: 'crash_loop',
    detail: /restarted 3 times, the last time it exited with 0; it wrote nothing$/,
  },
  {
    wish: web({
      name: 'greedy',
      script: 'x=a; while :; do x=$x$x; done',
      container: { resources: { limits: { memory: '16Mi' } } },
    }),
    state: 'failed',
    code: 'crash_loop',
    detail: /used more memory than its limit \(exit code 137\)/,
  },
  {
    wish: web({ name: 'startup', container: { startupProbe: NOT_YET } }),
    state: 'failed',
    code: 'health_timeout',
    detail: /its health check failed until its time to start was over \(not yet\); it wrote nothing/,
  },
  {
    wish: web({
      name: 'startup-killed',
      script: 'echo up; exec sleep 1000',
      container: { startupProbe: NOT_YET },
    }),
    state: 'failed',
    code: 'health_timeout',
    detail: /^its health check failed until its time to start was over( \(not yet\))?; its last lines:\nup$/,
  },
  {
    wish: { kind: 'DaemonSet', name: 'unready', container: { readinessProbe: NOT_YET } },
    state: 'waiting',
    code: 'health_timeout',
    detail: /^its health check fails \(not yet\)$/,
  },
  {
    wish: web({
      name: 'late',
      script: 'echo up; while :; do usleep 100000; done',
      container: { readinessProbe: NOT_YET },
      spec: { progressDeadlineSeconds: 8 },
    }),
    state: 'failed',
    code: 'health_timeout',
    detail: /^its health check fails( \(not yet\))?; its last lines:\nup$/,
  },
  {
    wish: web({ name: 'big', container: { resources: { requests: { cpu: '500' } } } }),
    state: 'waiting',
    code: 'insufficient_capacity',
    detail: /no node can take it \(0\/\d+ nodes are available: .*cpu/,
  },
  {
    wish: web({ name: 'noexec', container: { command: ['/nothere'] } }),
    state: 'failed',
    code: 'unsupported',
    detail: /can not be started as the spec says .*\/nothere.*no such file/,
  },
  {
    wish: web({ name: 'root', container: { securityContext: { runAsNonRoot: true } } }),
    state: 'failed',
    code: 'unsupported',
    detail: /runAsNonRoot and image will run as root/,
  },
  {
    wish: web({ name: 'noenv', container: { envFrom: [{ secretRef: { name: 'nothere' } }] } }),
    state: 'waiting',
    code: 'health_timeout',
    detail: /can not be started \(secret "nothere" not found\)/,
  },
  {
    wish: web({
      name: 'mount',
      pod: { volumes: [{ name: 'x', configMap: { name: 'nothere' } }] },
      container: { volumeMounts: [{ name: 'x', mountPath: '/x' }] },
    }),
    state: 'waiting',
    code: 'health_timeout',
    detail: /a volume of it can not be mounted .*configmap "nothere" not found/,
  },
  {
    wish: { kind: 'Job', name: 'job', script: CRASH, pod: { restartPolicy: 'Never' } },
    state: 'failed',
    code: 'crash_loop',
    detail: /^it exited with 3, and nothing restarts it; its last lines:\none\ntwo$/,
  },
  {
    wish: {
      kind: 'Job',
      name: 'job-again',
      script: CRASH,
      pod: { restartPolicy: 'OnFailure' },
      spec: { backoffLimit: 6 },
    },
    state: 'failed',
    code: 'crash_loop',
    detail: /restarted 3 times, the last time it exited with 3; its last lines:\none\ntwo$/,
  },
]

/** In a namespace with a quota of no pods. */
const OVER_QUOTA = (['Deployment', 'StatefulSet', 'DaemonSet', 'Job'] as const).map((kind): Case => ({
  wish: { kind, name: kind.toLowerCase(), ...(kind === 'Job' && { pod: { restartPolicy: 'Never' } }) },
  state: 'waiting',
  code: 'quota_exceeded',
  detail: /the quota of the namespace is used up .*exceeded quota: none/,
  nobody: true,
}))

/** In a namespace that takes small containers alone. */
const NOT_ADMITTED = (['Deployment', 'StatefulSet'] as const).map((kind): Case => ({
  wish: { kind, name: kind.toLowerCase(), container: { resources: { limits: { memory: '64Mi' } } } },
  state: 'failed',
  code: 'admission_denied',
  detail: /do not admit its pods .*maximum memory usage per Container is 16Mi/,
  nobody: true,
}))

const cluster = await requireCluster(t)
if (cluster) {
  t.jobs = 40
  const space = async (different?: (scene: ObjectScene) => DeclaredObject): Promise<ObjectScene> => {
    const scene = objectScene(t, cluster)
    await scene.bring(scene.namespaceObject(), ...(different ? [different(scene)] : []))
    return scene
  }
  const plain = await space()
  const full = await space((scene) => scene.declare('ResourceQuota', 'none', { spec: { hard: { pods: '0' } } }))
  const small = await space((scene) =>
    scene.declare('LimitRange', 'small', { spec: { limits: [{ type: 'Container', max: { memory: '16Mi' } }] } }),
  )
  const check = (scene: ObjectScene, { wish, state, code, detail, nobody }: Case): void => {
    t.test(`${wish.kind} ${wish.name}: ${state} with ${code}`, { buffered: true }, async (t) => {
      const object = scene.workload(wish)
      await scene.bring(object)
      const isSo = (progress: Progress): boolean =>
        progress.state !== 'waiting' ||
        (state === 'waiting' && progress.problem?.code === code && detail.test(progress.problem.detail))
      const instance = nobody ? null : new RegExp(`^${wish.name}-`)
      t.match(await scene.until(object, isSo), { state, problem: { code, detail, instance } })
      t.match((await scene.object(object.key)).state, { settled: false, drift: [] })
    })
  }
  for (const one of CASES) check(plain, one)
  for (const one of OVER_QUOTA) check(full, one)
  for (const one of NOT_ADMITTED) check(small, one)

  t.test('a rollout tells of the new pods, not of those before', { buffered: true }, async (t) => {
    const scene = await space()
    const bad = scene.workload({ kind: 'Deployment', name: 'web', container: { image: 'mrg-test/nothere:1' } })
    const good = scene.workload({ kind: 'Deployment', name: 'web' })
    await scene.bring(bad)
    t.match(await scene.until(bad, ({ state }) => state === 'failed'), { problem: { code: 'image_not_found' } })
    await scene.bring(good)
    t.match(await scene.until(good, ({ state }) => state !== 'waiting'), { state: 'done', message: 'ready' })
    t.match(await scene.progress('await_rollout', bad), { state: 'waiting', problem: null }, 'another one is declared')
  })
}
