import t from 'tap'
import { place, type HostCandidate } from '../../../src/planning/index.ts'

const host = (name: string, changes: Partial<HostCandidate> = {}): HostCandidate => ({
  id: `id-${name}`,
  name,
  kind: 'docker',
  labels: {},
  status: 'ready',
  schedulable: true,
  tenants: [],
  instances: 0,
  ...changes,
})

const wanted = (changes: Partial<Parameters<typeof place>[0]> = {}) => ({
  placement: { hosts: {}, kinds: [] },
  notes: [],
  tenantId: 'acme',
  currentHostId: null,
  ...changes,
})

t.test('a new app goes where the fewest instances are, by name among equals', async (t) => {
  t.same(place(wanted(), [host('c', { instances: 2 }), host('b', { instances: 1 }), host('a', { instances: 1 })]), {
    hostId: 'id-a',
    host: 'a',
    cause: 'of 3 hosts that can take the app it has the fewest instances (1)',
  })
  t.same(place(wanted(), [host('c', { instances: 2 })]), {
    hostId: 'id-c',
    host: 'c',
    cause: 'it is the only host that can take the app',
  })
})

t.test('an app stays where it is, even on a host that is cordoned, unreachable or full', async (t) => {
  for (const changes of [{ instances: 99 }, { schedulable: false }, { status: 'unreachable' }, { status: 'unknown' }]) {
    t.same(place(wanted({ currentHostId: 'id-b' }), [host('a'), host('b', changes)]), {
      hostId: 'id-b',
      host: 'b',
      cause: 'the app is there already',
    })
  }
})

t.test('an app leaves a host that its placement or the tenants of the host rule out, or that is gone', async (t) => {
  const placement = { hosts: { region: 'eu' }, kinds: ['docker'] }
  const eu = host('a', { labels: { region: 'eu' } })
  t.equal(place(wanted({ placement, currentHostId: 'id-b' }), [eu, host('b')]).hostId, 'id-a')
  t.equal(
    place(wanted({ placement, currentHostId: 'id-b' }), [eu, host('b', { ...eu, id: 'id-b', kind: 'swarm' })]).hostId,
    'id-a',
  )
  t.equal(place(wanted({ currentHostId: 'id-b' }), [eu, host('b', { tenants: ['globex'] })]).hostId, 'id-a')
  t.equal(place(wanted({ currentHostId: 'id-gone' }), [eu]).hostId, 'id-a')
})

t.test('without a host that can take the app, each that is open to the tenant says why', async (t) => {
  const placement = { hosts: { region: 'eu', disk: 'ssd' }, kinds: ['docker', 'swarm'] }
  const labels = { region: 'eu', disk: 'ssd' }
  const hosts = [
    host('f', { labels, schedulable: false }),
    host('e', { labels, status: 'unreachable' }),
    host('d', { labels: { region: 'us' } }),
    host('c', { labels, kind: 'kubernetes' }),
    host('b', { labels, tenants: ['globex'] }),
    host('a', { labels: { region: 'eu' } }),
  ]
  t.same(place(wanted({ placement }), hosts), {
    hostId: null,
    reasons: [
      { host: 'a', reason: 'it lacks the label disk=ssd' },
      { host: 'c', reason: 'it is of kind kubernetes, and the app wants docker or swarm' },
      { host: 'd', reason: 'it lacks the label disk=ssd, region=eu' },
      { host: 'e', reason: 'it is unreachable' },
      { host: 'f', reason: 'it is cordoned' },
    ],
  })
  t.same(place(wanted(), []), { hostId: null, reasons: [] })
  t.same(place(wanted(), [host('b', { tenants: ['globex'] })]), { hostId: null, reasons: [] })
})

t.test('a host that is open to some tenants takes theirs', async (t) => {
  t.equal(place(wanted(), [host('a', { tenants: ['globex', 'acme'] })]).hostId, 'id-a')
})

const refused = (path: string, kind: string) => ({
  path,
  level: 'refused' as const,
  message: 'not there',
  kinds: [kind],
})

t.test('a host whose kind refuses something that the spec asks for can not have the app', async (t) => {
  const hosts = [host('a'), host('b', { kind: 'kubernetes', instances: 9 })]
  const notes = [refused('/x-moorage/routes', 'docker'), refused('/services/web/x', 'docker')]
  t.match(place(wanted({ notes }), hosts), { host: 'b', cause: 'it is the only host that can take the app' })
  t.match(place(wanted({ notes, currentHostId: 'id-a' }), hosts), { host: 'b' }, 'it does not stay there either')
  t.same(place(wanted({ notes: [...notes, refused('/services/web/user', 'kubernetes')] }), hosts), {
    hostId: null,
    reasons: [
      { host: 'a', reason: 'it is of kind docker, which refuses /x-moorage/routes: not there (and 1 more)' },
      { host: 'b', reason: 'it is of kind kubernetes, which refuses /services/web/user: not there' },
    ],
  })
})

t.test('what is approximated keeps no host from an app', async (t) => {
  const notes = [{ ...refused('/services/web/ports', 'docker'), level: 'approximated' as const }]
  t.equal(place(wanted({ notes }), [host('a')]).hostId, 'id-a')
})
