import t from 'tap'
import { parseCompose, tooLarge } from '../../../src/spec/index.ts'
import { outcome } from './outcome.ts'

/** Keys of the service `web` that ask the engine for more than an app may have, and where they are refused. */
const ATTACKS: readonly (readonly [keys: string, path: string, code: string])[] = [
  ['ulimits: { rtprio: 99 }', '/ulimits/rtprio', 'unsupported'],
  ['ulimits: { rtprio: -1 }', '/ulimits/rtprio', 'unsupported'],
  ['ulimits: { rtprio: { soft: 0, hard: 50 } }', '/ulimits/rtprio', 'unsupported'],
  ['ulimits: { nice: 40 }', '/ulimits/nice', 'unsupported'],
  ['working_dir: /proc/self/fd/8', '/working_dir', 'unsupported'],
  ['working_dir: /x/../proc/self/fd/8', '/working_dir', 'invalid_spec'],
  ['working_dir: //proc//self/fd/8', '/working_dir', 'unsupported'],
  ['working_dir: /sys/fs/cgroup', '/working_dir', 'unsupported'],
  ['volumes: ["data:/proc"]', '/volumes/0', 'unsupported'],
  ['volumes: [{ type: volume, source: data, target: /proc/self }]', '/volumes/0', 'unsupported'],
  ['volumes: ["data:/./sys/"]', '/volumes/0', 'unsupported'],
  ['tmpfs: [/dev]', '/tmpfs/0', 'unsupported'],
  ['tmpfs: ["/x:exec"]', '/tmpfs/0', 'unsupported'],
  ['tmpfs: ["/x:uid=0,dev,suid"]', '/tmpfs/0', 'unsupported'],
  ['healthcheck: { test: x, interval: 1ns }', '/healthcheck/interval', 'invalid_spec'],
  ['healthcheck: { test: x, interval: 1ms }', '/healthcheck/interval', 'invalid_spec'],
  ['logging: { driver: json-file, options: { max-size: "-1" } }', '/logging/options/max-size', 'invalid_spec'],
  ['logging: { driver: local, options: { max-size: 1000g } }', '/logging/options/max-size', 'invalid_spec'],
  ['logging: { options: { max-file: "1000000" } }', '/logging/options/max-file', 'invalid_spec'],
  ['ports: ["1000-1099", "2000-2099"]', '/ports', 'invalid_spec'],
]

for (const [keys, path, code] of ATTACKS) {
  t.test(`refuses ${keys}`, async (t) => {
    const found = outcome(`services:\n  web:\n    image: a\n    ${keys}\nvolumes: { data: }\n`)
    t.equal(found.code, code)
    t.ok(found.paths.includes(`/services/web${path}`), found.paths.join(' '))
  })
}

t.test('no image is another place of the engine’s API', async (t) => {
  for (const image of ['a/../../containers/b', 'a/..', 'a/./b', 'a/.b', 'a/%2e%2e/b', '../a', 'a//b', 'a/_b'])
    t.equal(outcome(`services: { web: { image: "${image}" } }`).code, 'invalid_spec', image)
  for (const image of ['busybox', 'r.example.com:5000/a-b/c_d.e:v1.2_x', `a/b@sha256:${'0'.repeat(64)}`])
    t.equal(outcome(`services: { web: { image: "${image}" } }`).code, 'ok', image)
})

t.test('what is harmless of all this is taken', async (t) => {
  const keys = [
    'ulimits: { rtprio: 0, nice: 20, nofile: { soft: 1024, hard: -1 } }',
    'working_dir: /procedures',
    'tmpfs: [/dev/shm, /system]',
    'healthcheck: { test: x, interval: 500ms, timeout: 10ms }',
    'ports: ["1000-1099"]',
  ]
  for (const line of keys) t.equal(outcome(`services: { web: { image: a, ${line} } }`).code, 'ok', line)
})

t.test('an app has so many containers and published ports at most, whatever forms them', async (t) => {
  const many = (each: string) =>
    outcome(`x-a: &a { image: a, ${each} }\nservices: { a: *a, b: *a, c: { extends: a }, d: { <<: *a } }`)
  t.equal(many('scale: 250').code, 'ok')
  t.match(many('scale: 251'), { code: 'invalid_spec', paths: ['/services'] })
  t.match(many('deploy: { replicas: "1000" }'), { code: 'invalid_spec', paths: ['/services'] })
  t.match(many('scale: 26, ports: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]'), { code: 'invalid_spec', paths: ['/services'] })
  const { spec } = parseCompose({ compose: 'services: { web: { image: a, ports: [80, 81] } }' })
  t.equal(tooLarge(spec.services, { web: 500 }), null)
  t.match(tooLarge(spec.services, { web: 501 }), /publish 1002 ports/)
})

t.test('what is extended counts in each service that extends it', async (t) => {
  const base = `{ image: a, environment: { A: ${'x'.repeat(100_000)}, B: ${'y'.repeat(100_000)} } }`
  const services = (count: number) =>
    Array.from({ length: count }, (_, at) => `  s${at}: { extends: { service: base } }`).join('\n')
  t.equal(outcome(`services:\n  base: ${base}\n${services(15)}`).code, 'ok')
  t.match(outcome(`services:\n  base: ${base}\n${services(150)}`), { code: 'invalid_spec', paths: ['/services'] })
})
