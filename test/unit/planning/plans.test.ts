import t from 'tap'
import { reconcile, type ObservedContainer } from '../../../src/planning/index.ts'
import { simulate } from '../../../src/planning/simulate.ts'
import { after, app, container, desired, EMPTY, observed, port, service, volume } from './build.ts'
import { matchesGolden } from './golden.ts'

const OLD = 'a'.repeat(64)
const FOUR = [1, 2, 3, 4]

/** The web service of four, with containers as they are given by ordinal. */
const web = desired(app({ web: service({ replicas: 4, update: { parallelism: 2, delayNs: 10e9 } }) }))
const old = (ordinal: number, changes: Partial<ObservedContainer> = {}): ObservedContainer =>
  container(web, 'web', ordinal, { serviceDigest: OLD, ...changes })

t.test(
  'a first deploy makes the network, the volumes and the images, then the services in depends_on order',
  async (t) => {
    const wanted = desired(
      app({
        web: service({
          dependsOn: {
            api: after('service_healthy'),
            cache: after('service_started'),
            gone: after('service_started', false),
          },
        }),
        api: service({
          image: 'api:1',
          replicas: 2,
          dependsOn: { db: after('service_healthy'), migrate: after('service_completed_successfully') },
        }),
        migrate: service({
          image: 'api:1',
          healthcheck: null,
          restart: { policy: 'no', maxAttempts: null },
          dependsOn: { db: after('service_healthy') },
        }),
        db: service({ image: 'postgres:18', mounts: [volume('data')] }),
        cache: service({ image: 'redis:8', healthcheck: null }),
      }),
      { notes: [{ path: '/services/db/shm_size', level: 'approximated', message: 'it is rounded up' }] },
    )
    matchesGolden(t, 'first-deploy', reconcile(wanted, EMPTY), wanted)
  },
)

t.test('what is equal to what is wanted, and ready, gives an empty plan', async (t) => {
  const wanted = desired(
    app({
      web: service({ replicas: 3, dependsOn: { job: after('service_completed_successfully') } }),
      job: service({ healthcheck: null }),
      once: service({ healthcheck: null, restart: { policy: 'no', maxAttempts: null } }),
    }),
  )
  const done = { state: 'exited', exitCode: 0, serving: true } as const
  const all = [1, 2, 3].map((ordinal) => container(wanted, 'web', ordinal))
  t.same(
    reconcile(wanted, observed(wanted, [...all, container(wanted, 'job', 1, done), container(wanted, 'once', 1, done)]))
      .steps,
    [],
  )
  t.same(
    reconcile(wanted, observed(wanted, [...all, container(wanted, 'job', 1, done), container(wanted, 'once', 1)]))
      .steps,
    [],
  )
})

t.test(
  'a rolling update start-first goes in batches, and retires each container once its replacement serves',
  async (t) => {
    matchesGolden(
      t,
      'rolling-start-first',
      reconcile(
        web,
        observed(
          web,
          FOUR.map((ordinal) => old(ordinal)),
        ),
      ),
      web,
    )
  },
)

t.test('a rolling update stop-first with others to serve withdraws and drains', async (t) => {
  const wanted = desired(app({ web: service({ replicas: 3, update: { order: 'stop-first' } }) }))
  const all = [1, 2, 3].map((ordinal) => container(wanted, 'web', ordinal, { serviceDigest: OLD }))
  const plan = reconcile(wanted, observed(wanted, all))
  t.same(plan.notes, [])
  matchesGolden(t, 'rolling-stop-first', plan, wanted)
})

t.test('a fixed host port forces stop-first, and the plan says so', async (t) => {
  const wanted = desired(app({ web: service({ ports: [port(8080)] }) }))
  const plan = reconcile(wanted, observed(wanted, [container(wanted, 'web', 1, { serviceDigest: OLD })]))
  t.same(plan.notes, ['web: a gap in service while it is replaced: it publishes the fixed host port 8080'])
  matchesGolden(t, 'fixed-port', plan, wanted)
})

t.test('a volume forces stop-first where it is mounted writable, and only there', async (t) => {
  const notes = (readOnly: boolean, replicas: number): readonly string[] => {
    const wanted = desired(app({ db: service({ replicas, mounts: [volume('data', readOnly)] }) }))
    const all = Array.from({ length: replicas }, (_, at) => container(wanted, 'db', at + 1, { serviceDigest: OLD }))
    return reconcile(wanted, observed(wanted, all)).notes
  }
  t.same(notes(false, 1), ['db: a gap in service while it is replaced: it mounts the volume data writable'])
  t.same(notes(false, 2), [
    'db: each container is stopped before its replacement starts: it mounts the volume data writable',
  ])
  t.same(notes(true, 1), [])
})

t.test('a change of one service leaves the other alone', async (t) => {
  const wanted = desired(
    app({ web: service({ dependsOn: { api: after('service_healthy') } }), api: service({ image: 'api:2' }) }),
  )
  const plan = reconcile(
    wanted,
    observed(wanted, [container(wanted, 'web'), container(wanted, 'api', 1, { serviceDigest: OLD })]),
  )
  t.ok(plan.steps.every((step) => step.service === 'api'))
  matchesGolden(t, 'one-of-two', plan, wanted)
})

t.test('scaling up makes the new ordinals at once; scaling down retires the highest', async (t) => {
  const wanted = desired(web.spec, { replicas: { web: 4 } })
  matchesGolden(
    t,
    'scale-up',
    reconcile(
      wanted,
      observed(
        wanted,
        [1, 2].map((ordinal) => container(wanted, 'web', ordinal)),
      ),
    ),
    wanted,
  )
  const fewer = desired(web.spec, { replicas: { web: 2 } })
  matchesGolden(
    t,
    'scale-down',
    reconcile(
      fewer,
      observed(
        fewer,
        FOUR.map((ordinal) => container(fewer, 'web', ordinal)),
      ),
    ),
    fewer,
  )
  const none = desired(web.spec, { replicas: { web: 0 } })
  const plan = reconcile(
    none,
    observed(
      none,
      [1, 2].map((ordinal) => container(none, 'web', ordinal)),
    ),
  )
  t.same(
    plan.steps.map(({ action }) => action),
    ['stop_container', 'remove_container', 'stop_container', 'remove_container'],
  )
})

t.test('an update that scales down too retires the surplus last', async (t) => {
  const wanted = desired(web.spec, { replicas: { web: 1 } })
  matchesGolden(
    t,
    'update-and-scale-down',
    reconcile(
      wanted,
      observed(
        wanted,
        [1, 2].map((ordinal) => old(ordinal)),
      ),
    ),
    wanted,
  )
})

t.test('stopping goes against depends_on and keeps everything; starting uses what is there', async (t) => {
  const spec = app({
    web: service({ dependsOn: { mid: after('service_started') } }),
    mid: service({ dependsOn: { db: after('service_healthy') } }),
    db: service({ mounts: [volume('data')] }),
  })
  const stopped = desired(spec, { running: false })
  const mixed = [
    container(stopped, 'web'),
    container(stopped, 'mid', 1, { state: 'exited' }),
    container(stopped, 'db'),
    container(stopped, 'gone'),
  ]
  matchesGolden(t, 'stop', reconcile(stopped, observed(stopped, mixed)), stopped)

  const exited = ['web', 'mid', 'db'].map((name) => container(stopped, name, 1, { state: 'exited', exitCode: 143 }))
  t.same(reconcile(stopped, observed(stopped, exited)).steps, [], 'nothing runs: nothing to do')
  t.same(reconcile(stopped, EMPTY).steps, [], 'nothing is made')
  const started = desired(spec)
  matchesGolden(t, 'start', reconcile(started, observed(started, exited)), started)
})

t.test('a start after a release replaces what is outdated', async (t) => {
  const wanted = desired(app({ web: service(), api: service({ image: 'api:2' }) }))
  const exited = { state: 'exited', exitCode: 143 } as const
  const all = [container(wanted, 'web', 1, exited), container(wanted, 'api', 1, { ...exited, serviceDigest: OLD })]
  matchesGolden(t, 'start-outdated', reconcile(wanted, observed(wanted, all)), wanted)
})

t.test('stopping one that runs to completion removes it, so that it does not look completed', async (t) => {
  const spec = app({ once: service({ healthcheck: null, restart: { policy: 'no', maxAttempts: null } }) })
  const stopped = desired(spec, { running: false })
  const plan = reconcile(stopped, observed(stopped))
  t.same(
    plan.steps.map(({ action }) => action),
    ['stop_container', 'remove_container'],
  )
  const completed = container(stopped, 'once', 1, { state: 'exited', exitCode: 0 })
  t.same(reconcile(stopped, observed(stopped, [completed])).steps, [], 'one that has completed stays')
})

t.test('a restart is a rolling replacement', async (t) => {
  const before = desired(app({ web: service({ replicas: 2 }) }))
  const wanted = desired(before.spec, { restartGeneration: 1 })
  const plan = reconcile(wanted, observed(wanted, observed(before).containers))
  matchesGolden(t, 'restart', plan, wanted, before)
})

t.test('removal takes all away, volumes only where asked', async (t) => {
  const before = desired(app({ web: service(), db: service({ mounts: [volume('data')] }) }))
  const there = observed(before, [container(before, 'web'), container(before, 'db', 1, { state: 'exited' })])
  const kept = desired(null)
  matchesGolden(t, 'remove', reconcile(kept, there), kept, before)
  const all = desired(null, { removeVolumes: true })
  matchesGolden(t, 'remove-volumes', reconcile(all, there), all, before)
  t.same(reconcile(kept, { ...EMPTY, volumes: there.volumes }).steps, [], 'volumes alone may be left')
})

t.test('services that the spec no longer has go last', async (t) => {
  const wanted = desired(app({ web: service({ image: 'web:2' }) }))
  const all = [
    container(wanted, 'web', 1, { serviceDigest: OLD }),
    container(wanted, 'worker', 1),
    container(wanted, 'constructor', 1, { state: 'created' }),
  ]
  matchesGolden(t, 'orphans', reconcile(wanted, observed(wanted, all)), wanted)
})

t.test('an orphan that holds a wanted host port goes first', async (t) => {
  const wanted = desired(app({ www: service({ ports: [port(8080)] }) }))
  const ports = (hostPort: number) => [{ hostPort, protocol: 'tcp' }]
  const renamed = observed(wanted, [
    container(wanted, 'web', 1, { ports: ports(8080) }),
    container(wanted, 'admin', 1, { ports: ports(8081) }),
  ])
  const plan = reconcile(wanted, renamed)
  t.same(plan.notes, ['www: a gap in service while it takes over the fixed host port 8080 of web'])
  matchesGolden(t, 'orphan-with-port', plan, wanted)
  const { observed: result, failed } = simulate({ plan, desired: wanted, observed: renamed })
  t.equal(failed, null)
  t.same(reconcile(wanted, result).steps, [])
})

t.test('a service that others await runs once a digest', async (t) => {
  const spec = app({
    web: service({ dependsOn: { migrate: after('service_completed_successfully') } }),
    migrate: service({ image: 'api:1', healthcheck: null, restart: { policy: 'on-failure', maxAttempts: 2 } }),
  })
  const wanted = desired(spec)
  const migrate = (changes: Partial<ObservedContainer>): ObservedContainer =>
    container(wanted, 'migrate', 1, { serving: true, ...changes })
  const plan = (changes: Partial<ObservedContainer>) =>
    reconcile(wanted, observed(wanted, [container(wanted, 'web'), migrate(changes)]))
  const actions = (changes: Partial<ObservedContainer>): string[] => plan(changes).steps.map(({ action }) => action)
  t.same(actions({ state: 'exited', exitCode: 0 }), [])
  t.same(actions({ state: 'running' }), ['await_completed'])
  t.same(actions({ state: 'created' }), ['start_container', 'await_completed'])
  matchesGolden(t, 'migration-failed', plan({ state: 'exited', exitCode: 3 }), wanted)
  const outdated = observed(wanted, [
    container(wanted, 'web', 1, { serviceDigest: OLD }),
    migrate({ serviceDigest: OLD, state: 'exited', exitCode: 0 }),
  ])
  matchesGolden(t, 'migration-outdated', reconcile(wanted, outdated), wanted)
})

t.test('a port that the engine picks is said to change, and does not forbid start-first', async (t) => {
  const wanted = desired(app({ web: service({ ports: [port(null)] }) }))
  const before = observed(wanted, [container(wanted, 'web', 1, { serviceDigest: OLD })])
  const { notes, steps } = reconcile(wanted, before)
  t.same(notes, ['web: the host ports that the engine picks change with each replacement; by name there is no gap'])
  t.ok(
    steps.findIndex(({ action }) => action === 'promote') <
      steps.findIndex(({ action }) => action === 'stop_container'),
  )
  t.same(reconcile(wanted, observed(wanted, [])).notes, [], 'a first deploy replaces nothing')
})
