import t from 'tap'
import { runnerLab, specOf, web } from './lab.ts'
import { IMAGES } from '../lab/images.ts'

const SPEC = (image: string) =>
  specOf(
    {
      web: web({ image, deploy: { replicas: 2, update_config: { parallelism: 2 } }, volumes: ['data:/data'] }),
      migrate: { image: IMAGES.once, pull_policy: 'never', restart: 'no' },
    },
    { volumes: { data: {} } },
  )

/**
 * One app for each step of its operation: the lease is lost there, before the step had its effect or after it, and another attempt
 * takes over. Each must end as if nothing had happened, with no container of one identity twice at any time.
 */
t.test('an attempt that is lost at any of its steps is taken up, and ends without a double', async (t) => {
  const lab = await runnerLab(t)
  const { engine } = lab
  const cuts = new Map<string, { at: number; when: 'before' | 'after' }>()
  const counts = new Map<string, number>()
  const doubles: string[] = []
  const cut =
    (when: 'before' | 'after') => async (call: { method: string; desired: { app: { name: string } } | null }) => {
      const app = call.desired?.app.name
      if (call.method !== 'execute' || !app) return
      const identities = engine
        .containers(app)
        .map(({ service, ordinal, serviceDigest }) => `${service}/${ordinal}@${serviceDigest}`)
      if (new Set(identities).size < identities.length) doubles.push(app)
      const nth = (counts.get(`${when} ${app}`) ?? 0) + 1
      counts.set(`${when} ${app}`, nth)
      const wanted = cuts.get(app)
      if (wanted?.at !== nth || wanted.when !== when) return
      cuts.delete(app)
      const { id } = await lab.db.prisma.operation.findFirstOrThrow({ where: { appName: app, status: 'running' } })
      await lab.steal(id)
    }
  engine.before = cut('before')
  engine.after = cut('after')
  await Promise.all([lab.worker(), lab.worker()])

  const whole = await lab.ended((await lab.apply('whole', SPEC(IMAGES.web1))).id)
  t.match(whole, { status: 'succeeded', attempts: 1, error: null, reason: null })
  const steps = whole.steps.filter(({ action }) => !action.startsWith('await') && action !== 'wait').length
  t.ok(steps >= 8, `${steps} steps`)

  const run = async (prefix: string, image: string) => {
    counts.clear()
    const apps = Array.from({ length: steps }, (_, at) => [
      { app: `${prefix}-b${at}`, at: at + 1, when: 'before' as const },
      { app: `${prefix}-a${at}`, at: at + 1, when: 'after' as const },
    ]).flat()
    const ends = await Promise.all(
      apps.map(async ({ app, at, when }) => {
        cuts.set(app, { at, when })
        const { id } = await lab.apply(app, SPEC(image))
        return await lab.ended(id, 60_000)
      }),
    )
    for (const [index, { app, at, when }] of apps.entries()) {
      const end = ends[index]
      t.match(end, { status: 'succeeded', error: null }, `${app}: lost ${when} step ${at}`)
      const containers = engine.containers(app)
      t.same(
        containers
          .map(({ service, ordinal, state, image: runs }) => `${service} ${ordinal} ${state} ${runs}`)
          .toSorted(),
        [`migrate 1 exited ${IMAGES.once}`, `web 1 running ${image}`, `web 2 running ${image}`],
        app,
      )
      t.ok(
        end?.steps.every(({ status }) => status !== 'running'),
        'no step is left open',
      )
    }
    t.ok(
      ends.every(({ attempts }) => attempts > 1),
      'each was really taken up',
    )
  }
  await run('first', IMAGES.web1)
  t.same(doubles, [])
})
