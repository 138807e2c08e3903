import t from 'tap'
import { ENGINES } from '../../../src/spec/capabilities.ts'
import { type CapabilityNote, notesFor, parseCompose, refusalsOf, renoteEnvironment } from '../../../src/spec/index.ts'
import { Notes } from '../../../src/spec/notes.ts'

const notesOf = (compose: string): readonly CapabilityNote[] => parseCompose({ compose }).notes
const ofService = (keys: string, more = ''): readonly CapabilityNote[] =>
  notesOf(`services: { web: { image: a, ${keys} }, other: { image: a } }\nvolumes: { data: }\n${more}`)

const REFUSED: readonly [string, string][] = [
  ['domainname: example.com', '/domainname'],
  ['ulimits: { nofile: 1024 }', '/ulimits'],
  ['oom_score_adj: 500', '/oom_score_adj'],
  ['stop_signal: SIGINT', '/stop_signal'],
  ['user: app', '/user'],
  ['user: "1000:app"', '/user'],
  ['user: "4294967295"', '/user'],
  ['group_add: [10, wheel]', '/group_add/1'],
  ['cap_add: [CHOWN, CAP_NET_RAW]', '/cap_add/1'],
  ['cap_add: [net_raw]', '/cap_add/0'],
  ['entrypoint: []', '/entrypoint'],
  ['command: []', '/command'],
  ['command: ""', '/command'],
  ['hostname: web_1', '/hostname'],
  ['hostname: web.example', '/hostname'],
  ['hostname: Web', '/hostname'],
  ['environment: { "1A": x }', '/environment/1A'],
  ['environment: ["A=x", "a b=x"]', '/environment/1'],
  ['environment: { ..A: x }', '/environment/..A'],
  ['labels: { iam.example.com/role: admin }', '/labels/iam.example.com~1role'],
  ['labels: ["a b=x"]', '/labels/0'],
  ['labels: { io.kubernetes.cri-o.Devices: x }', '/labels/io.kubernetes.cri-o.Devices'],
  ['labels: { org.systemd.property.DeviceAllow: x }', '/labels/org.systemd.property.DeviceAllow'],
  ['dns: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4]', '/dns'],
  ['extra_hosts: ["Db:10.0.0.1"]', '/extra_hosts/0'],
  ['extra_hosts: { my_db: 10.0.0.1 }', '/extra_hosts/my_db'],
  ['networks: { default: { aliases: [ok, db.local, My, 1st, a--b] } }', '/networks/default/aliases/1'],
  ['networks: { default: { aliases: [1st] } }', '/networks/default/aliases/0'],
  ['networks: { default: { aliases: [a--b] } }', '/networks/default/aliases/0'],
  ['deploy: { mode: global }, restart: "no"', '/deploy/mode'],
]

for (const [keys, path] of REFUSED) {
  t.test(`kubernetes refuses ${keys.slice(0, 80)}`, async (t) => {
    const notes = ofService(keys)
    t.ok(
      refusalsOf('kubernetes', notes).some((note) => note.path === `/services/web${path}`),
      JSON.stringify(notes),
    )
    t.same(refusalsOf('docker', notes), [], 'docker takes it')
    t.same(notesFor('docker', notes), [], 'and says nothing about it')
    t.ok(
      notes.every(({ kinds }) => kinds?.join() === 'kubernetes'),
      'the notes name the kind',
    )
  })
}

t.test('kubernetes refuses labels of deploy whose names no annotation has', async (t) => {
  t.match(refusalsOf('kubernetes', ofService('deploy: { labels: ["a b=x"] }')), [
    { path: '/services/web/deploy/labels/0' },
  ])
})

t.test('kubernetes refuses names that are no DNS labels, each at its place', async (t) => {
  const names = ['my_db', 'My', '1st', 'a.b', 'a--b', 'a-']
  for (const name of names) {
    const notes = notesOf(`services: { "${name}": { image: a, volumes: ["${name}:/a"] } }\nvolumes: { "${name}": }`)
    t.same(
      refusalsOf('kubernetes', notes).map(({ path }) => path),
      [`/volumes/${name}`, `/services/${name}`],
      name,
    )
  }
  const long = ['a'.repeat(50), 'b'.repeat(51)] as const
  const volumes = ['c'.repeat(63)] as const
  const notes = notesOf(
    `services: { ${long[0]}: { image: a }, ${long[1]}: { image: a, volumes: ["${volumes[0]}:/a"] }, a-1: { image: a } }\nvolumes: { ${volumes[0]}: }`,
  )
  t.same(
    refusalsOf('kubernetes', notes).map(({ path }) => path),
    [`/services/${long[1]}`],
  )
})

t.test('kubernetes refuses to await a service that is on each node', async (t) => {
  const notes = notesOf(`
services:
  web: { image: a, depends_on: { job: { condition: service_completed_successfully } } }
  job: { image: a, restart: on-failure, deploy: { mode: global } }
`)
  t.match(refusalsOf('kubernetes', notes), [{ path: '/services/job/deploy/mode' }])
})

t.test('kubernetes takes what it has words for', async (t) => {
  const notes = ofService(
    `user: "1000:1000", group_add: [10, "20"], stop_signal: TERM, cap_add: [NET_BIND_SERVICE], hostname: web-1,
     environment: { A_b.c-d: x, _A: y, .B: z }, labels: { com.example.a: b }, extra_hosts: ["db.local:10.0.0.1"],
     entrypoint: [/bin/a], command: [b], working_dir: /a, pull_policy: never, shm_size: 64M, read_only: true, oom_score_adj: 0,
     dns_search: [a.example], dns_opt: ["ndots:2"], networks: { default: { aliases: [db, web] } }, domainname: "", ulimits: {},
     stop_grace_period: 30s, deploy: { mode: global, update_config: { order: stop-first, parallelism: 2 } }`,
  )
  t.same(
    notes.map(({ path, level }) => [path, level]),
    [['/services/web/labels', 'approximated']],
  )
})

const APPROXIMATED: readonly [string, string, RegExp][] = [
  ['healthcheck: { test: x }', '/healthcheck', /started again/],
  ['healthcheck: { interval: 5s }', '/healthcheck', /HEALTHCHECK is not run/],
  ['healthcheck: { test: x, interval: 1500ms }', '/healthcheck/interval', /whole seconds/],
  ['healthcheck: { test: x, timeout: 500ms }', '/healthcheck/timeout', /whole seconds/],
  ['healthcheck: { test: x, start_period: 1.5s }', '/healthcheck/start_period', /whole seconds/],
  ['stop_grace_period: 1500ms', '/stop_grace_period', /whole seconds/],
  ['init: true', '/init', /reaps/],
  ['dns: 10.0.0.1', '/dns', /after the cluster/],
  ['ports: ["80"]', '/ports', /Service/],
  ['ports: ["127.0.0.1:80:80"]', '/ports/0', /Service/],
  ['ports: ["[::1]:80:80"]', '/ports/0', /Service/],
  ['ports: [{ target: 80, host_ip: 127.0.0.1 }]', '/ports/0/host_ip', /Service/],
  ['pids_limit: 100', '/pids_limit', /node/],
  ['deploy: { resources: { limits: { pids: 100 } } }', '/deploy/resources/limits/pids', /node/],
  ['logging: { driver: local }', '/logging/driver', /node/],
  ['logging: { options: { max-size: 1m } }', '/logging/options', /node/],
  ['labels: { a: b }', '/labels', /annotations/],
  ['deploy: { labels: { a: b } }', '/deploy/labels', /annotations/],
  ['volumes: ["data:/a"]', '/volumes', /begins empty/],
  ['tmpfs: "/a:mode=700"', '/tmpfs', /0777/],
  ['tmpfs: ["/a", "/b:noexec"]', '/tmpfs/1', /noexec/],
  ['volumes: [{ type: tmpfs, target: /a, tmpfs: { mode: 448 } }]', '/volumes/0/tmpfs/mode', /0777/],
  ['restart: on-failure', '/restart', /exit code 0/],
  ['deploy: { restart_policy: { condition: on-failure } }', '/deploy/restart_policy/condition', /exit code 0/],
  ['deploy: { restart_policy: { delay: 5s } }', '/deploy/restart_policy/delay', /kubelet/],
  ['deploy: { restart_policy: { window: 5s } }', '/deploy/restart_policy/window', /kubelet/],
  ['deploy: { update_config: { delay: 5s } }', '/deploy/update_config/delay', /ready/],
]

for (const [keys, path, message] of APPROXIMATED) {
  t.test(`kubernetes approximates ${keys}`, async (t) => {
    const notes = ofService(keys)
    t.same(refusalsOf('kubernetes', notes), [])
    const told = notesFor('kubernetes', notes).filter((note) => note.path === `/services/web${path}`)
    t.ok(
      told.some((note) => message.test(note.message)),
      JSON.stringify(notes),
    )
    t.notOk(
      notesFor('docker', notes).some((note) => message.test(note.message)),
      'docker has other words, or none',
    )
  })
}

t.test('no note where nothing is otherwise', async (t) => {
  for (const keys of [
    'healthcheck: { disable: true }',
    'healthcheck: { test: [NONE] }',
    'init: false',
    'volumes: ["data:/a:nocopy"]',
    'volumes: [{ type: tmpfs, target: /a, tmpfs: { size: 64M } }]',
    'tmpfs: "/a:size=64m"',
    'ports: []',
    'restart: "no"',
    'restart: always',
    'stop_grace_period: 1m',
  ])
    t.same(ofService(keys), [], keys)
  const awaited = notesOf(`
services:
  web: { image: a, depends_on: { job: { condition: service_completed_successfully } } }
  job: { image: a, restart: on-failure }
`)
  t.same(awaited, [], 'on-failure of a service that is awaited')
})

t.test('what is the same on all kinds has no kinds', async (t) => {
  t.same(ofService('attach: false'), [
    {
      path: '/services/web/attach',
      level: 'approximated',
      message: 'no terminal is attached to an app; read its logs',
    },
  ])
  t.same(notesFor('mainframe', ofService('attach: false, init: true')).length, 1, 'it counts on any kind')
})

t.test('a value that is overridden, and a base that runs twice, is told as it runs, and once', async (t) => {
  const notes = notesOf(`
services:
  base: { image: a, stop_signal: SIGINT, user: app }
  one: { extends: base, stop_signal: SIGTERM }
  two: { extends: base, stop_signal: SIGTERM }
`)
  t.same(
    refusalsOf('kubernetes', notes).map(({ path }) => path),
    ['/services/base/user', '/services/base/stop_signal'],
  )
})

t.test('routes are what one kind refuses and another has', async (t) => {
  const routes = `
  - { host: Shop.Example.com, path: /b/, service: web, port: 80 }
  - { host: shop.example.com, service: web, port: "81" }
  - { host: a.example.com, path: /, service: other, port: 80 }`
  const { spec, notes, digest } = parseCompose({
    compose: `services: { web: { image: a }, other: { image: a } }\nx-moorage:\n routes:${routes}`,
  })
  t.strictSame(spec.routes, [
    { host: 'a.example.com', path: '/', service: 'other', port: 80 },
    { host: 'shop.example.com', path: '/', service: 'web', port: 81 },
    { host: 'shop.example.com', path: '/b', service: 'web', port: 80 },
  ])
  t.strictSame(notes, [
    {
      path: '/x-moorage/routes',
      level: 'refused',
      message: 'routes are not served on docker hosts yet',
      kinds: ['docker'],
    },
  ])
  const without = parseCompose({ compose: 'services: { web: { image: a }, other: { image: a } }' })
  const none = parseCompose({
    compose: 'services: { web: { image: a }, other: { image: a } }\nx-moorage: { routes: [] }',
  })
  t.not(digest, without.digest)
  t.equal(none.digest, without.digest)
  t.notOk('routes' in none.spec)
  t.same(none.notes, [])
})

t.test('mode: global is a part of the spec, and replicated says nothing', async (t) => {
  const read = (keys: string) => parseCompose({ compose: `services: { web: { image: a, ${keys} } }` })
  const { spec, notes } = read('deploy: { mode: global }')
  t.match(spec.services['web'], { mode: 'global', replicas: 1 })
  t.same(notes, [])
  t.notOk('mode' in (read('deploy: { mode: replicated }').spec.services['web'] ?? {}))
  t.equal(read('deploy: { mode: replicated }').digest, read('scale: 1').digest)
})

t.test('at most 100 notes are kept, and no refusal gives way to another note', async (t) => {
  const keys = 'labels: { a: b }, ports: ["80"], dns: 10.0.0.1, init: true, pids_limit: 5'
  const many = notesOf(
    `services:\n${Array.from({ length: 60 }, (_, at) => `  s${at}: { image: a, ${keys}${at === 59 ? ', user: app' : ''} }\n`).join('')}`,
  )
  t.equal(many.length, 100)
  t.match(refusalsOf('kubernetes', many), [{ path: '/services/s59/user' }])
  t.equal(many[0]?.path, '/services/s0/labels', 'the others are the first')

  const notes = new Notes()
  for (let at = 0; at < 150; at++) {
    notes.add({ path: `/a/${at}`, level: 'approximated', message: 'other' })
    notes.add({ path: `/k/${at}`, level: 'refused', message: 'no' }, ['kubernetes'])
  }
  notes.add({ path: '/d', level: 'refused', message: 'no' }, ['docker'])
  t.equal(refusalsOf('kubernetes', notes.list()).length, 100)
  t.same(
    refusalsOf('docker', notes.list()).map(({ path }) => path),
    ['/d'],
    'each kind keeps its own',
  )
})

t.test('a note of all kinds that is told kind by kind is one', async (t) => {
  const notes = new Notes()
  for (const engine of ENGINES) notes.add({ path: '/a', level: 'approximated', message: 'x' }, [engine])
  t.strictSame(notes.list(), [{ path: '/a', level: 'approximated', message: 'x' }])
})

t.test('another environment has other refusals', async (t) => {
  const before = ofService('environment: { "1A": x }, domainname: a.example, init: true')
  const refused = (notes: readonly CapabilityNote[]) => refusalsOf('kubernetes', notes).map(({ path }) => path)
  t.same(refused(renoteEnvironment(before, 'web', { A: 'x' })), ['/services/web/domainname'])
  t.same(refused(renoteEnvironment(before, 'web', { 'b/c': 'x' })), [
    '/services/web/domainname',
    '/services/web/environment/b~1c',
  ])
  t.same(renoteEnvironment(before, 'other', { A: 'x' }), before)
})
