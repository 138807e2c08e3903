import t from 'tap'
import { outcome } from './outcome.ts'

/** Keys of the service `web`, and the path below it at which they are refused. */
const SERVICE: readonly [string, string][] = [
  ['env_file: .env', '/env_file'],
  ['env_file: [.env]', '/env_file'],
  ['env_file: [{ path: .env, required: false }]', '/env_file'],
  ['build: .', '/build'],
  ['build: { context: . }', '/build'],
  ['build: { dockerfile_inline: FROM scratch }', '/build'],
  ['volumes: ["./x:/y"]', '/volumes/0'],
  ['volumes: [".:/y"]', '/volumes/0'],
  ['volumes: ["../x:/y:ro"]', '/volumes/0'],
  ['volumes: ["/x:/y"]', '/volumes/0'],
  ['volumes: ["~/x:/y"]', '/volumes/0'],
  ['volumes: ["~:/y"]', '/volumes/0'],
  ['volumes: ["a/b:/y"]', '/volumes/0'],
  ['volumes: ["C:\\\\x:/y"]', '/volumes/0'],
  ['volumes: ["c:/x:/y"]', '/volumes/0'],
  ['volumes: ["/var/run/docker.sock:/var/run/docker.sock"]', '/volumes/0'],
  ['volumes: ["${BIND}:/y"]', '/volumes/0'],
  ['volumes: [/anonymous]', '/volumes/0'],
  ['volumes: [{ type: bind, source: ., target: /y }]', '/volumes/0/type'],
  ['volumes: [{ type: bind, source: data, target: /y, bind: { create_host_path: true } }]', '/volumes/0/bind'],
  ['volumes: [{ type: volume, source: ./x, target: /y }]', '/volumes/0'],
  ['volumes: [{ type: volume, target: /y }]', '/volumes/0'],
  ['volumes: [{ type: npipe, source: x, target: /y }]', '/volumes/0/type'],
  ['volumes: [{ type: cluster, source: x, target: /y }]', '/volumes/0/type'],
  ['volumes: [{ type: image, source: x, target: /y }]', '/volumes/0/type'],
  ['volumes: [{ type: volume, source: data, target: /y, volume: { subpath: x } }]', '/volumes/0/volume/subpath'],
  ['volumes: ["data:/y:z"]', '/volumes/0'],
  ['volumes: ["data:/y:rshared"]', '/volumes/0'],
  ['volumes_from: [other]', '/volumes_from'],
  ['volumes_from: ["container:other"]', '/volumes_from'],
  ['configs: [a]', '/configs'],
  ['configs: [{ source: a, target: /a }]', '/configs'],
  ['secrets: [a]', '/secrets'],
  ['secrets: [{ source: a }]', '/secrets'],
  ['extends: { service: base, file: other.yaml }', '/extends/file'],
  ['develop: { watch: [{ path: ., action: sync, target: /x }] }', '/develop'],
  ['provider: { type: model }', '/provider'],
  ['models: [llm]', '/models'],
  ['privileged: true', '/privileged'],
  ['privileged: "true"', '/privileged'],
  ['privileged: "${YES}"', '/privileged'],
  ['network_mode: host', '/network_mode'],
  ['network_mode: "container:x"', '/network_mode'],
  ['network_mode: "service:x"', '/network_mode'],
  ['pid: host', '/pid'],
  ['ipc: host', '/ipc'],
  ['uts: host', '/uts'],
  ['userns_mode: host', '/userns_mode'],
  ['cgroup: host', '/cgroup'],
  ['cgroup_parent: /', '/cgroup_parent'],
  ['devices: ["/dev/sda:/dev/sda"]', '/devices'],
  ['devices: [{ source: /dev/sda }]', '/devices'],
  ['device_cgroup_rules: ["c 1:3 mr"]', '/device_cgroup_rules'],
  ['gpus: all', '/gpus'],
  [
    'deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }',
    '/deploy/resources/reservations/devices',
  ],
  ['security_opt: ["seccomp:unconfined"]', '/security_opt'],
  ['runtime: nvidia', '/runtime'],
  ['cap_add: [SYS_ADMIN]', '/cap_add/0'],
  ['cap_add: [CAP_SYS_ADMIN]', '/cap_add/0'],
  ['cap_add: [cap_net_admin]', '/cap_add/0'],
  ['cap_add: [" sys_ptrace "]', '/cap_add/0'],
  ['cap_add: [ALL]', '/cap_add/0'],
  ['cap_add: [all]', '/cap_add/0'],
  ['cap_add: [CHOWN, CAP_all]', '/cap_add/1'],
  ['sysctls: { net.core.somaxconn: 1024 }', '/sysctls'],
  ['sysctls: ["net.core.somaxconn=1024"]', '/sysctls'],
  ['external_links: [other]', '/external_links'],
  ['links: [db]', '/links'],
  ['container_name: web', '/container_name'],
  ['logging: { driver: syslog, options: { syslog-address: "tcp://x" } }', '/logging/driver'],
  ['logging: { driver: json-file, options: { gelf-address: x } }', '/logging/options/gelf-address'],
  ['labels: { moorage.io/tenant: other }', '/labels/moorage.io~1tenant'],
  ['labels: ["Moorage.IO/tenant=other"]', '/labels/0'],
  ['labels: { com.docker.compose.project: x }', '/labels/com.docker.compose.project'],
  ['deploy: { labels: { moorage.io/app-id: x } }', '/deploy/labels/moorage.io~1app-id'],
  ['deploy: { labels: ["moorage.io/app-id=x"] }', '/deploy/labels/0'],
  ['annotations: { a: b }', '/annotations'],
  ['label_file: x', '/label_file'],
  ['deploy: { mode: global-job }', '/deploy/mode'],
  ['deploy: { mode: replicated-job }', '/deploy/mode'],
  ['deploy: { placement: { constraints: ["node.role==manager"] } }', '/deploy/placement'],
  ['deploy: { update_config: { failure_action: pause } }', '/deploy/update_config/failure_action'],
  ['deploy: { update_config: { max_failure_ratio: 0.5 } }', '/deploy/update_config/max_failure_ratio'],
  ['deploy: { rollback_config: { parallelism: 2 } }', '/deploy/rollback_config'],
  ['deploy: { restart_policy: { condition: any, max_attempts: 3 } }', '/deploy/restart_policy/max_attempts'],
  ['post_start: [{ command: x }]', '/post_start'],
  ['pre_stop: [{ command: x }]', '/pre_stop'],
  ['credential_spec: { file: x }', '/credential_spec'],
  ['isolation: hyperv', '/isolation'],
  ['mac_address: "02:42:ac:11:00:02"', '/mac_address'],
  ['storage_opt: { size: 1G }', '/storage_opt'],
  ['blkio_config: { weight: 300 }', '/blkio_config'],
  ['cpu_rt_runtime: 95000', '/cpu_rt_runtime'],
  ['cpuset: "0"', '/cpuset'],
  ['mem_swappiness: 10', '/mem_swappiness'],
  ['memswap_limit: 1g', '/memswap_limit'],
  ['oom_kill_disable: true', '/oom_kill_disable'],
  ['oom_score_adj: -500', '/oom_score_adj'],
  ['use_api_socket: true', '/use_api_socket'],
  ['platform: linux/arm64', '/platform'],
  ['pull_policy: build', '/pull_policy'],
  ['pull_policy: every_12h', '/pull_policy'],
  ['extra_hosts: ["host:host-gateway"]', '/extra_hosts/0'],
  ['extra_hosts: { host: host-gateway }', '/extra_hosts/host'],
  ['networks: [other]', '/networks/0'],
  ['networks: { other: }', '/networks/other'],
  ['networks: { default: { ipv4_address: 10.0.0.2 } }', '/networks/default/ipv4_address'],
  ['networks: { default: { driver_opts: { a: b } } }', '/networks/default/driver_opts'],
  ['tmpfs: "/x:exec"', '/tmpfs'],
  ['tmpfs: ["/x:uid=0"]', '/tmpfs/0'],
  ['ports: ["80/sctp"]', '/ports/0'],
  ['ports: [{ target: 80, protocol: sctp }]', '/ports/0/protocol'],
  ['ports: ["8000-8009:80"]', '/ports/0'],
  ['ports: [{ target: 80, published: "8000-8009" }]', '/ports/0/published'],
  ['depends_on: { base: { condition: service_started, restart: true } }', '/depends_on/base/restart'],
  ['x-moorage: { placement: {} }', '/x-moorage'],
]

for (const [keys, path] of SERVICE) {
  t.test(`refuses ${keys}`, async (t) => {
    const document = `services:\n  base: { image: a }\n  web:\n    image: a\n    ${keys}\nvolumes: { data: }\n`
    const { code, paths } = outcome(document, { BIND: '/etc', YES: 'yes' })
    t.equal(code, 'unsupported')
    t.ok(paths.includes(`/services/web${path}`), `names the place: ${paths.join(' ')}`)
  })
}

/** Keys at the top of the document. */
const TOP: readonly [string, string][] = [
  ['include: [other.yaml]', '/include'],
  ['include: [{ path: other.yaml }]', '/include'],
  ['models: { llm: { model: x } }', '/models'],
  ['configs: { a: { file: ./a } }', '/configs'],
  ['configs: { a: { content: x } }', '/configs'],
  ['secrets: { a: { file: ./a } }', '/secrets'],
  ['secrets: { a: { environment: A } }', '/secrets'],
  ['secrets: { a: { external: true } }', '/secrets'],
  ['volumes: { data: { name: other } }', '/volumes/data/name'],
  ['volumes: { data: { external: true } }', '/volumes/data/external'],
  ['volumes: { data: { external: "true" } }', '/volumes/data/external'],
  ['volumes: { data: { external: { name: other } } }', '/volumes/data/external'],
  ['volumes: { data: { driver: nfs } }', '/volumes/data/driver'],
  ['volumes: { data: { driver_opts: { type: none, o: bind, device: / } } }', '/volumes/data/driver_opts'],
  ['volumes: { data: { labels: { moorage.io/app: x } } }', '/volumes/data/labels/moorage.io~1app'],
  ['networks: { other: }', '/networks/other'],
  ['networks: { default: { name: other } }', '/networks/default/name'],
  ['networks: { default: { external: true } }', '/networks/default/external'],
  ['networks: { default: { driver: macvlan } }', '/networks/default/driver'],
  ['networks: { default: { driver_opts: { parent: eth0 } } }', '/networks/default/driver_opts'],
  ['networks: { default: { ipam: { config: [{ subnet: 10.0.0.0/8 }] } } }', '/networks/default/ipam'],
  ['networks: { default: { internal: true } }', '/networks/default/internal'],
  ['x-moorage: { network: {} }', '/x-moorage/network'],
  ['x-moorage: { routes: [{ host: a.example, service: web, port: 80, tls: true }] }', '/x-moorage/routes/0/tls'],
  ['x-moorage: { placement: { strategy: spread } }', '/x-moorage/placement/strategy'],
  ['x-moorage: { placement.hosts: { a: b } }', '/x-moorage/placement.hosts'],
  ['x-moorage: { placement: { kinds: [mainframe] } }', '/x-moorage/placement/kinds/0'],
]

for (const [keys, path] of TOP) {
  t.test(`refuses ${keys}`, async (t) => {
    const { code, paths } = outcome(`services: { web: { image: a } }\n${keys}\n`)
    t.equal(code, 'unsupported')
    t.ok(paths.includes(path), `names the place: ${paths.join(' ')}`)
  })
}

t.test('what is refused is refused in a base that is extended, too, at its own place', async (t) => {
  const base = 'image: a, privileged: true, volumes: ["./x:/y"], cap_add: [ALL], profiles: [never]'
  const { code, paths } = outcome(`services: { base: { ${base} }, web: { extends: base, profiles: [on] } }`, {
    COMPOSE_PROFILES: 'on',
  })
  t.equal(code, 'unsupported')
  t.strictSame(paths.toSorted(), ['/services/base/cap_add/0', '/services/base/privileged', '/services/base/volumes/0'])
})

t.test('what is refused is refused through anchors and merge keys', async (t) => {
  const { code, paths } = outcome('x-a: &a { privileged: true }\nservices: { web: { <<: *a, image: a } }')
  t.equal(code, 'unsupported')
  t.strictSame(paths, ['/services/web/privileged'])
})

t.test('an inactive service may hold what is refused: it does not run', async (t) => {
  t.equal(
    outcome('services: { web: { image: a }, dev: { build: ., volumes: [".:/src"], profiles: [dev] } }').code,
    'ok',
  )
  t.equal(
    outcome('services: { web: { image: a }, dev: { build: ., profiles: [dev] } }', { COMPOSE_PROFILES: '*' }).code,
    'invalid_spec',
  )
})

t.test('a refused key that asks for nothing is let through', async (t) => {
  t.equal(
    outcome(
      'services: { web: { image: a, privileged: false, oom_kill_disable: "false" } }\nvolumes: { d: { external: false } }',
    ).code,
    'ok',
  )
})

t.test('other extension keys carry nothing and are allowed', async (t) => {
  t.equal(
    outcome('x-a: { b: c }\nservices: { web: { image: a, x-b: [1], deploy: { x-c: 1 }, healthcheck: { x-d: 2 } } }')
      .code,
    'ok',
  )
})

t.test('invalid_spec where something is wrong and something is refused', async (t) => {
  const { code, paths } = outcome('services: { web: { image: a, privileged: true, restart: sometimes } }')
  t.equal(code, 'invalid_spec')
  t.strictSame(paths, ['/services/web/privileged', '/services/web/restart'])
})
