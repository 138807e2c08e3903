import t from 'tap'
import { parseCompose } from '../../../src/spec/index.ts'
import { outcome } from './outcome.ts'

/** Keys of the service `web`, and the path below it at which they make no sense. */
const SERVICE: readonly [string, string][] = [
  ['imag: a', '/imag'],
  ['image: ""', ''],
  ['image: "a b"', '/image'],
  ['image: 3', '/image'],
  ["command: 'echo \"open'", '/command'],
  ['command: 3', '/command'],
  ['environment: ["=x"]', '/environment/0'],
  ['environment: [NOT_GIVEN]', '/environment/0'],
  ['environment: { NOT_GIVEN: }', '/environment/NOT_GIVEN'],
  ['environment: { "A=B": c }', '/environment/A=B'],
  ['environment: { A: [b] }', '/environment/A'],
  ['environment: { __proto__: x }', '/environment/__proto__'],
  ['environment: { A: 12345678901234567890 }', '/environment/A'],
  ['environment: { A: .inf }', '/environment/A'],
  ['environment: { A: 0123 }', '/environment/A'],
  ['environment: { A: "\\0" }', '/environment/A'],
  ['environment: { A: "\\ud800" }', '/environment/A'],
  ['labels: { "": x }', '/labels/'],
  ['ports: ["0"]', '/ports/0'],
  ['ports: ["65536"]', '/ports/0'],
  ['ports: ["80:90:100:110"]', '/ports/0'],
  ['ports: ["a:80"]', '/ports/0'],
  ['ports: ["1.2.3.256:80:80"]', '/ports/0'],
  ['ports: ["8000-8002:80-81"]', '/ports/0'],
  ['ports: ["82-80"]', '/ports/0'],
  ['ports: ["1-60000"]', '/ports/0'],
  ['ports: [{ published: 80 }]', '/ports/0'],
  ['ports: [{ target: 80, host_ip: here }]', '/ports/0/host_ip'],
  ['ports: [-80]', '/ports/0'],
  ['ports: ["80:80", "80:81"]', '/ports'],
  ['expose: ["1-99999"]', '/expose/0'],
  ['volumes: ["data:relative"]', '/volumes/0'],
  ['volumes: ["data:/"]', '/volumes/0'],
  ['volumes: ["data:/a/../b"]', '/volumes/0'],
  ['volumes: ["unknown:/a"]', '/volumes/0'],
  ['volumes: ["data:/a", "data:/a/"]', '/volumes/1'],
  ['volumes: ["data:/a:ro:x"]', '/volumes/0'],
  ['volumes: [{ type: volume, source: data }]', '/volumes/0'],
  ['volumes: [{ source: data, target: /a }]', '/volumes/0'],
  ['volumes: [{ type: tmpfs, target: /a, tmpfs: { mode: "999" } }]', '/volumes/0/tmpfs/mode'],
  ['tmpfs: "/a:size=much"', '/tmpfs'],
  ['tmpfs: [a]', '/tmpfs/0'],
  ['ulimits: { nofile: { soft: 5, hard: 1 } }', '/ulimits/nofile'],
  ['ulimits: { nofile: -2 }', '/ulimits/nofile'],
  ['ulimits: { unknown: 1 }', '/ulimits/unknown'],
  ['mem_limit: -1', '/mem_limit'],
  ['mem_limit: 1M', '/mem_limit'],
  ['mem_limit: much', '/mem_limit'],
  ['mem_limit: 999999999999T', '/mem_limit'],
  ['cpus: -1', '/cpus'],
  ['cpus: 1e9', '/cpus'],
  ['cpus: "half"', '/cpus'],
  ['pids_limit: -2', '/pids_limit'],
  ['mem_limit: 64M, deploy: { resources: { limits: { memory: 65M } } }', '/mem_limit'],
  ['cpus: 1, deploy: { resources: { limits: { cpus: "2" } } }', '/cpus'],
  [
    'deploy: { resources: { limits: { memory: 64M }, reservations: { memory: 65M } } }',
    '/deploy/resources/reservations/memory',
  ],
  ['deploy: { resources: { limits: { memory: 67108864 } } }', '/deploy/resources/limits/memory'],
  ['scale: 2, deploy: { replicas: 3 }', '/scale'],
  ['scale: 1001', '/scale'],
  ['scale: -1', '/scale'],
  ['scale: 1.5', '/scale'],
  ['deploy: { mode: global, replicas: 2 }', '/deploy/replicas'],
  ['deploy: { mode: global, replicas: 1 }', '/deploy/replicas'],
  ['scale: 2, deploy: { mode: global }', '/scale'],
  ['scale: 2, ports: ["8080:80"]', '/ports'],
  ['restart: sometimes', '/restart'],
  ['restart: "always:3"', '/restart'],
  ['restart: false', '/restart'],
  ['restart: always, deploy: { restart_policy: { condition: none } }', '/deploy/restart_policy'],
  ['stop_grace_period: soon', '/stop_grace_period'],
  ['stop_grace_period: 10', '/stop_grace_period'],
  ['stop_grace_period: "10"', '/stop_grace_period'],
  ['stop_grace_period: -1s', '/stop_grace_period'],
  ['stop_grace_period: 2h', '/stop_grace_period'],
  ['stop_signal: SIGNOTHING', '/stop_signal'],
  ['stop_signal: "99"', '/stop_signal'],
  ['healthcheck: { test: [curl, x] }', '/healthcheck/test'],
  ['healthcheck: { test: [] }', '/healthcheck/test'],
  ['healthcheck: { test: "" }', '/healthcheck/test'],
  ['healthcheck: { test: x, interval: 10us }', '/healthcheck/interval'],
  ['healthcheck: { test: x, retries: many }', '/healthcheck/retries'],
  ['init: maybe', '/init'],
  ['working_dir: relative', '/working_dir'],
  ['hostname: "a b"', '/hostname'],
  ['dns: [not-an-ip]', '/dns/0'],
  ['extra_hosts: ["db"]', '/extra_hosts/0'],
  ['extra_hosts: ["db:somewhere"]', '/extra_hosts/0'],
  ['cap_drop: ["NET ADMIN"]', '/cap_drop/0'],
  ['networks: { default: { aliases: ["a b"] } }', '/networks/default/aliases/0'],
  ['oom_score_adj: 1001', '/oom_score_adj'],
  ['depends_on: [unknown]', '/depends_on'],
  ['depends_on: [web]', '/depends_on'],
  ['depends_on: { base: { condition: service_ready } }', '/depends_on/base/condition'],
  ['depends_on: [off]', '/depends_on'],
  ['depends_on: { always: { condition: service_completed_successfully } }', '!/services/always/restart'],
  ['extends: unknown', '/extends'],
  ['extends: web', '/extends'],
  ['extends: circle', '/extends'],
]

for (const [keys, path] of SERVICE) {
  t.test(`does not take ${keys}`, async (t) => {
    const image = /\bimage:/.test(keys) ? '' : 'image: a, '
    const circle = keys.includes('circle') ? 'circle: { image: a, extends: web }, ' : ''
    const others = `${circle}base: { image: a }, off: { image: a, profiles: [off] }, always: { image: a, restart: always }`
    const { code, paths, text } = outcome(`services: { ${others}, web: { ${image}${keys} } }\nvolumes: { data: }\n`)
    t.equal(code, 'invalid_spec', text)
    t.ok(
      paths.includes(path.startsWith('!') ? path.slice(1) : `/services/web${path}`),
      `names the place: ${paths.join(' ')}`,
    )
  })
}

/** Whole documents, and the path at which they make no sense. */
const DOCUMENTS: readonly [string, string, string][] = [
  ['an empty document', '', ''],
  ['a list', '- a', ''],
  ['a text', 'hello', ''],
  ['no services', 'x-a: 1', '/services'],
  ['services that are empty', 'services: {}', '/services'],
  ['a service that is empty', 'services: { web: }', '/services/web'],
  ['an unknown top-level key', 'services: { web: { image: a } }\nservice: {}', '/service'],
  ['a key twice', 'services:\n  web: { image: a }\n  web: { image: b }', '/services/web'],
  ['a key that is a number', 'services: { 1: { image: a } }', '/services'],
  ['a key that is a list', 'services: { [a]: { image: a } }', '/services'],
  ['two documents', 'services: { web: { image: a } }\n---\nservices: {}', ''],
  ['YAML that is broken', 'services: { web: ', ''],
  ['another YAML', '%YAML 1.1\n---\nservices: { web: { image: a } }', ''],
  ['a tag of a program', 'services: { web: { image: !!js/function "x" } }', ''],
  ['an unknown alias', 'services: { web: *a }', '/services/web'],
  ['a merge of what is no map', 'x-a: &a [1]\nservices: { web: { <<: *a, image: a } }', '/services/web'],
  ['a NUL', 'services: { web: { image: "a\0" } }', ''],
  ['the name of a prototype', 'services: { constructor: { image: a } }', '/services/constructor'],
  ['the prototype itself', 'services: { __proto__: { image: a } }', '/services/__proto__'],
  ['a service’s name with a space', 'services: { "a b": { image: a } }', '/services/a b'],
  ['a service’s name that begins with a dash', 'services: { -a: { image: a } }', '/services/-a'],
  ['a long name', `services: { ${'a'.repeat(64)}: { image: a } }`, `/services/${'a'.repeat(64)}`],
  [
    'a circle of dependencies',
    'services: { a: { image: a, depends_on: [b] }, b: { image: a, depends_on: [c] }, c: { image: a, depends_on: [a] } }',
    '/services/c/depends_on',
  ],
  [
    'one host port for two services',
    'services: { a: { image: a, ports: ["80:80"] }, b: { image: a, ports: ["127.0.0.1:80:81"] } }',
    '/services/b/ports',
  ],
  ['nothing but inactive services', 'services: { a: { image: a, profiles: [x] } }', '/services'],
  [
    'a kind that is no list',
    'services: { a: { image: a } }\nx-moorage: { placement: { kinds: docker } }',
    '/x-moorage/placement/kinds',
  ],
  [
    'labels that are a list',
    'services: { a: { image: a } }\nx-moorage: { placement: { hosts: [a] } }',
    '/x-moorage/placement/hosts',
  ],
  [
    'a label that is a map',
    'services: { a: { image: a } }\nx-moorage: { placement: { hosts: { a: {} } } }',
    '/x-moorage/placement/hosts/a',
  ],
  [
    'a deadline that is too short',
    'services: { a: { image: a } }\nx-moorage: { progressDeadline: 1s }',
    '/x-moorage/progressDeadline',
  ],
  ...(
    [
      ['routes that are no list', '{}', ''],
      ['a route that is no map', '[web]', '/0'],
      ['a route without a host', '[{ service: web, port: 80 }]', '/0'],
      ['a route without a service', '[{ host: a.example, port: 80 }]', '/0'],
      ['a route without a port', '[{ host: a.example, service: web }]', '/0'],
      ['a route of a host that is no DNS name', '[{ host: "a_b.example", service: web, port: 80 }]', '/0/host'],
      ['a route of any host', '[{ host: "*.example", service: web, port: 80 }]', '/0/host'],
      ['a route of an address', '[{ host: 10.0.0.1, service: web, port: 80 }]', '/0/host'],
      ['a route of a relative path', '[{ host: a.example, path: x, service: web, port: 80 }]', '/0/path'],
      ['a route out of its path', '[{ host: a.example, path: /a/../b, service: web, port: 80 }]', '/0/path'],
      ['a route of a quoted path', '[{ host: a.example, path: /a%2fb, service: web, port: 80 }]', '/0/path'],
      ['a route of an empty part', '[{ host: a.example, path: /a//b, service: web, port: 80 }]', '/0/path'],
      ['a route to a port that there is not', '[{ host: a.example, service: web, port: 65536 }]', '/0/port'],
      ['a route to an unknown service', '[{ host: a.example, service: db, port: 80 }]', '/0/service'],
      ['a route to an inactive service', '[{ host: a.example, service: dev, port: 80 }]', '/0/service'],
      [
        'two routes of one host and path',
        '[{ host: a.example, path: /a, service: web, port: 80 }, { host: A.Example, path: /a/, service: web, port: 81 }]',
        '/1',
      ],
    ] as const
  ).map(([name, routes, path]): [string, string, string] => [
    name,
    `services: { web: { image: a }, dev: { image: a, profiles: [dev] } }\nx-moorage: { routes: ${routes} }`,
    `/x-moorage/routes${path}`,
  ]),
  ['an extension that is no map', 'services: { a: { image: a } }\nx-moorage: 1', '/x-moorage'],
]

for (const [name, document, path] of DOCUMENTS) {
  t.test(`does not take ${name}`, async (t) => {
    const { code, paths, text } = outcome(document)
    t.equal(code, 'invalid_spec', text)
    t.ok(paths.includes(path), `names the place: ${paths.join(' ')}`)
  })
}

t.test('two host ports of different addresses or protocols go side by side', async (t) => {
  const ports = ['"127.0.0.1:80:80"', '"127.0.0.2:80:80"', '"80:80/udp"']
  t.equal(
    outcome(`services: { ${ports.map((port, index) => `s${index}: { image: a, ports: [${port}] }`).join(', ')} }`).code,
    'ok',
  )
})

t.test('exactly one of compose and spec is taken', async (t) => {
  t.throws(() => parseCompose({}), { code: 'invalid_spec' })
  t.throws(() => parseCompose({ compose: 'services: {}', spec: {} }), { code: 'invalid_spec' })
  const spec = { services: { web: { image: 'a', ports: ['80'] } } }
  t.equal(parseCompose({ spec }).digest, parseCompose({ compose: JSON.stringify(spec) }).digest, 'JSON is YAML')
})

t.test('an error lists every place, at most 50, and tells how many there are', async (t) => {
  const { paths, text } = outcome(
    `services: { web: { image: a, cap_add: [${Array.from({ length: 60 }, (_, i) => `X${i}`).join(', ')}], restart: x } }`,
  )
  t.equal(paths.length, 50)
  t.match(text, 'and 60 more')
  t.ok(paths.includes('/services/web/restart'), 'the one that decides the code is among them')
})

t.test('no message carries a value of the document', async (t) => {
  const secret = 'hunter2hunter2'
  const documents = [
    ...SERVICE.map(([keys]) => keys.split(',')[0] ?? '')
      .filter((keys) => /^[a-z_]+: [^[{]/.test(keys))
      .map((keys) => `${keys.split(':')[0]}: "${secret} '"`),
    `environment: { PASSWORD: ["${secret}"] }`,
    `environment: { A: { PASSWORD: ${secret} } }`,
    `environment: { PASSWORD: "\${${secret}" }`,
    `environment: { PASSWORD: "${secret}`,
    `environment: { PASSWORD: ${secret}: ${secret} }`,
    `environment: { PASSWORD: *${secret} }`,
    `environment: { PASSWORD: !${secret} x }`,
    `ports: ["${secret}"]`,
    `volumes: ["${secret}:${secret}"]`,
    `healthcheck: { test: ["${secret}"], interval: ${secret} }`,
    `deploy: { mode: ${secret}, replicas: ${secret} }`,
    `logging: { driver: ${secret} }`,
  ]
  for (const keys of documents) {
    const { code, text } = outcome(`services:\n  web:\n    ${keys}\n`)
    t.not(code, 'ok', keys)
    t.notMatch(text, secret, keys)
  }
})
