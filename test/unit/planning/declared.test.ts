import fc from 'fast-check'
import t from 'tap'
import {
  type DeclaredObject,
  type DesiredApp,
  isHealing,
  type ObservedApp,
  type ObservedObject,
  type Plan,
  reconcile,
  type Step,
} from '../../../src/planning/index.ts'
import { app, desired, EMPTY, service } from './build.ts'
import { matchesGolden } from './golden.ts'

const RANKS: Readonly<Record<string, number>> = { Namespace: 0, Claim: 1, Service: 2, Deployment: 3, Job: 3 }
const rankOf = (key: string): number => RANKS[key.split('/')[0] ?? ''] ?? 3

function object(key: string, changes: Partial<DeclaredObject> = {}): DeclaredObject {
  const [kind = '', name = ''] = key.split('/')
  return {
    key,
    service: kind === 'Namespace' ? null : name,
    digest: 'new',
    fixedDigest: 'fixed',
    after: kind === 'Namespace' ? [] : [{ key: 'Namespace/shop', until: 'applied' }],
    awaited: kind === 'Deployment' ? 'ready' : kind === 'Job' ? 'completed' : 'nothing',
    kept: kind === 'Claim',
    downtime: 'its pods stop before new ones start',
    manifest: {},
    ...changes,
  }
}

function seen(key: string, changes: Partial<ObservedObject> = {}): ObservedObject {
  const { service: of, kept } = object(key)
  return {
    key,
    nativeId: `uid-${key}`,
    service: of,
    digest: 'new',
    fixedDigest: 'fixed',
    settled: true,
    drift: [],
    removing: false,
    kept,
    holdsAll: key.startsWith('Namespace/'),
    rank: rankOf(key),
    desired: null,
    ...changes,
  }
}

const namespaced = (...more: DeclaredObject['after']): DeclaredObject['after'] => [
  { key: 'Namespace/shop', until: 'applied' },
  ...more,
]
const SHOP = [
  object('Deployment/web', {
    after: namespaced(
      { key: 'Service/web', until: 'applied' },
      { key: 'Deployment/db', until: 'ready' },
      { key: 'Job/migrate', until: 'ready' },
    ),
  }),
  object('Service/web'),
  object('Job/migrate', { after: namespaced({ key: 'Deployment/db', until: 'applied' }) }),
  object('Deployment/db', { after: namespaced({ key: 'Claim/data', until: 'applied' }) }),
  object('Claim/data'),
  object('Namespace/shop'),
]
const wanting = (objects: readonly DeclaredObject[], changes: Partial<DesiredApp> = {}): DesiredApp =>
  desired(app({ web: service({}) }), { objects, ...changes })
const having = (...objects: readonly ObservedObject[]): ObservedApp => ({ ...EMPTY, objects })
const all = (changes: Readonly<Record<string, Partial<ObservedObject>>> = {}): ObservedApp =>
  having(...SHOP.map(({ key }) => seen(key, changes[key])))
const shop = wanting(SHOP)
const gone = wanting([], { spec: null })

t.test('a first deploy declares each object after those that it needs, and waits for what must come up', async (t) => {
  matchesGolden(t, 'declared-first', reconcile(shop, EMPTY), shop)
})

t.test('what is as declared needs nothing', async (t) => {
  t.same(reconcile(shop, all()).steps, [])
})

t.test('what is outdated is declared again, what does not stand yet is waited for', async (t) => {
  const found = all({ 'Deployment/web': { digest: 'old' }, 'Deployment/db': { settled: false } })
  matchesGolden(t, 'declared-update', reconcile(shop, found), shop)
})

t.test('what can not be changed in place is replaced, and the plan says what that costs', async (t) => {
  const found = all({ 'Job/migrate': { fixedDigest: 'other', digest: 'old' }, 'Claim/data': { fixedDigest: 'other' } })
  matchesGolden(t, 'declared-replace', reconcile(shop, found), shop)
})

t.test('one that has failed begins anew, with no word of downtime; what holds data stays as it was made', async (t) => {
  const found = all({ 'Job/migrate': { fixedDigest: '', settled: false }, 'Claim/data': { digest: 'old' } })
  matchesGolden(t, 'declared-spent', reconcile(shop, found), shop)
})

t.test('what can not be told of what holds all of the app is declared again, and never taken away', async (t) => {
  const { steps } = reconcile(shop, all({ 'Namespace/shop': { digest: '', fixedDigest: '' } }))
  t.match(
    steps.map(({ action, target }) => [action, target]),
    [['apply_object', 'Namespace/shop']],
  )
})

t.test('an app heals by itself where something is missing or too much, not where it is outdated', async (t) => {
  const heals = (plan: Plan) => plan.steps.filter((one) => isHealing(one, plan)).map(({ id }) => id)
  const outdated = all({
    'Job/migrate': { fixedDigest: 'other', digest: 'old' },
    'Deployment/web': { digest: '', fixedDigest: '' },
    'Deployment/db': { digest: 'old' },
  })
  t.not(reconcile(shop, outdated).steps.length, 0)
  t.same(heals(reconcile(shop, outdated)), [])
  const { objects } = all()
  const missing = having(...objects.filter(({ key }) => key !== 'Deployment/web'), seen('Deployment/old'))
  t.same(heals(reconcile(shop, missing)), ['Deployment/web:apply_object', 'Deployment/old:delete_object'])
})

t.test('what others changed is told of, and taken back only where that is asked for', async (t) => {
  const drift = [{ path: '/spec/replicas', desired: 2, actual: 5 }]
  const found = all({ 'Deployment/web': { drift } })
  const plain = reconcile(shop, found)
  t.same(plain.steps, [])
  t.same(plain.notes, ['Deployment/web was changed by others (/spec/replicas): a reconcile takes it back'])
  const forced = wanting(SHOP, { force: true })
  matchesGolden(t, 'declared-forced', reconcile(forced, found), forced)
})

t.test('what the app does not declare goes last, those that need others first; data stays', async (t) => {
  const found = having(
    ...all().objects,
    ...['Deployment/old', 'Service/old', 'Claim/old'].map((key) => seen(key)),
    seen('Job/old', { removing: true }),
  )
  matchesGolden(t, 'declared-prune', reconcile(wanting(SHOP), { ...found }), shop)
})

t.test('a removal takes what holds everything; with data that stays, all but that', async (t) => {
  matchesGolden(t, 'declared-remove-all', reconcile({ ...gone, removeVolumes: true }, all()), gone)
  matchesGolden(t, 'declared-remove-kept', reconcile(gone, all()), gone)
  const without = having(...all().objects.filter(({ kept }) => !kept))
  t.same(
    reconcile(gone, without).steps.map(({ id }) => id),
    ['Namespace/shop:delete_object', 'Namespace/shop:await_gone'],
  )
  t.same(
    reconcile(gone, having(seen('Namespace/shop'), seen('Claim/data'))).steps,
    [],
    'what stays is all that is left',
  )
  t.same(reconcile(gone, EMPTY).steps, [])
})

t.test('an app whose place is on its way out begins anew once that is gone', async (t) => {
  const found = all({ 'Namespace/shop': { removing: true } })
  const plan = reconcile(shop, found)
  t.match(plan.steps[0], { id: 'Namespace/shop:await_gone', nativeId: 'uid-Namespace/shop' })
  const applied = plan.steps.filter(({ action }) => action === 'apply_object')
  t.equal(applied.length, SHOP.length)
  t.ok(applied.every(({ nativeId }) => nativeId === null))
  t.same(
    reconcile({ ...gone, removeVolumes: true }, found).steps.map(({ id }) => id),
    ['Namespace/shop:await_gone'],
  )
})

/** Does a step as an engine would, and refuses what one would refuse. */
function carryOut(found: ObservedApp, step: Step, wanted: DesiredApp, awaited: ReadonlySet<string>): ObservedApp {
  const others = found.objects.filter(({ key }) => key !== step.target)
  const own = found.objects.find(({ key }) => key === step.target)
  const declared = wanted.objects?.find(({ key }) => key === step.target)
  switch (step.action) {
    case 'apply_object': {
      if (own?.kept) throw new Error(`${step.id}: it holds data`)
      if (!declared) throw new Error(`${step.id}: it is not declared`)
      if (own && (own.removing || own.fixedDigest !== declared.fixedDigest)) throw new Error(`${step.id}: refused`)
      if ((own?.nativeId ?? null) !== step.nativeId) throw new Error(`${step.id}: another object`)
      for (const { key, until } of declared.after) {
        const earlier = found.objects.find((one) => one.key === key)
        if (!earlier || earlier.removing || (until === 'ready' && awaited.has(key) && !earlier.settled))
          throw new Error(`${step.id}: ${key} is not ${until}`)
      }
      const made = seen(step.target, {
        nativeId: own?.nativeId ?? `new-${step.target}`,
        settled: declared.awaited === 'nothing',
      })
      return { ...found, objects: [...others, made] }
    }
    case 'delete_object': {
      if (!own || own.nativeId !== step.nativeId) throw new Error(`${step.id}: another object`)
      if (own.kept && !wanted.removeVolumes) throw new Error(`${step.id}: it holds data`)
      const leaving = { ...own, removing: true }
      return { ...found, objects: own.holdsAll ? [leaving] : [...others, leaving] }
    }
    case 'await_gone':
      return {
        ...found,
        objects: own && own.nativeId === step.nativeId && own.removing ? (own.holdsAll ? [] : others) : found.objects,
      }
    case 'await_rollout':
      if (!own) throw new Error(`${step.id}: there is none`)
      return { ...found, objects: [...others, { ...own, settled: true }] }
    default:
      throw new Error(`${step.id}: not for an engine of declared objects`)
  }
}

const NONE = { there: false, digest: '', fixedDigest: '', settled: false, removing: false, drifted: false }

t.test('from whatever is found, cut off after any step, an app becomes what is declared', async (t) => {
  const keys = [...SHOP.map(({ key }) => key), 'Deployment/old', 'Service/old', 'Claim/old', 'Job/old']
  const state = fc.record({
    there: fc.boolean(),
    digest: fc.constantFrom('new', 'old', ''),
    fixedDigest: fc.constantFrom('fixed', 'fixed', 'other'),
    settled: fc.boolean(),
    removing: fc.constantFrom(false, false, false, true),
    drifted: fc.boolean(),
  })
  const input = fc.record({
    states: fc.tuple(...keys.map(() => state)),
    picks: fc.infiniteStream(fc.nat(1000)),
    cuts: fc.array(fc.nat(8), { maxLength: 4 }),
    removed: fc.boolean(),
    removeVolumes: fc.boolean(),
    force: fc.boolean(),
  })
  const awaited = new Set(SHOP.filter((one) => one.awaited !== 'nothing').map(({ key }) => key))
  fc.assert(
    fc.property(input, ({ states, picks, cuts, removed, removeVolumes, force }) => {
      const wanted = removed ? { ...gone, removeVolumes } : wanting(SHOP, { force })
      let found = having(
        ...keys.flatMap((key, at) => {
          const { there, drifted, ...rest } = states[at] ?? NONE
          const fixedDigest = key.startsWith('Namespace/') ? 'fixed' : rest.fixedDigest
          const drift = drifted ? [{ path: '/spec', desired: 1, actual: 2 }] : []
          const settled = awaited.has(key) ? rest.settled : true
          return there ? [seen(key, { ...rest, fixedDigest, settled, drift })] : []
        }),
      )
      for (let round = 0; round < 12; round += 1) {
        const plan = reconcile(wanted, found)
        if (reconcile(wanted, found).digest !== plan.digest) throw new Error('equal arguments gave two plans')
        if (plan.steps.length === 0) return
        const most = cuts[round] ?? Infinity
        const done = new Set<string>()
        const waiting = [...plan.steps]
        while (waiting.length > 0 && done.size < most) {
          const next = waiting.filter(({ after }) => after.every((id) => done.has(id)))
          const step = next[picks.next().value % Math.max(1, next.length)]
          if (!step) throw new Error('the steps of the plan wait for each other')
          found = carryOut(found, step, wanted, awaited)
          done.add(step.id)
          waiting.splice(waiting.indexOf(step), 1)
        }
      }
      throw new Error(
        `it never comes to an end: ${reconcile(wanted, found)
          .steps.map(({ id }) => id)
          .join()}`,
      )
    }),
    { numRuns: 3000 },
  )
  t.end()
})
