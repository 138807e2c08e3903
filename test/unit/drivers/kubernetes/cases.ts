import { readFileSync } from 'node:fs'
import { OBJECT_KINDS } from '../../../../src/drivers/kubernetes/kinds-of-objects.ts'
import type { ClusterFacts } from '../../../../src/drivers/kubernetes/facts.ts'
import type { ClusterSettings } from '../../../../src/drivers/kubernetes/settings.ts'
import type { DesiredApp } from '../../../../src/planning/index.ts'
import { parseCompose } from '../../../../src/spec/index.ts'
import { after, app, desired, port, service, volume } from '../../planning/build.ts'

/** An app, and the cluster that it is declared for. */
export interface Case {
  readonly wanted: DesiredApp
  /** Where the app is declared for a cluster that never told of itself: null. */
  readonly facts: ClusterFacts | null
  readonly settings?: Partial<ClusterSettings>
}

const APIS = Object.values(OBJECT_KINDS).map(({ api }) => api)

export const MODERN: ClusterFacts = {
  version: '1.36',
  apis: APIS,
  podSecurity: true,
  podCidrs: ['10.42.1.0/24', '10.42.0.0/24'],
  architectures: ['amd64'],
}

export const OLD: ClusterFacts = {
  version: '1.20',
  apis: APIS.filter((api) => !api.startsWith('policy/')),
  podSecurity: false,
  podCidrs: ['10.244.0.0/24'],
  architectures: ['amd64'],
}

const PASSWORD = 'correct horse "battery" $(staple) ünïcode'

const hello = parseCompose({
  compose: readFileSync(new URL('../../../../examples/hello/compose.yaml', import.meta.url), 'utf8'),
  variables: { GREETING: 'Hello' },
}).spec

const chain = app({
  web: service({
    replicas: 2,
    dependsOn: {
      api: after('service_healthy'),
      cache: after('service_started'),
      gone: after('service_started', false),
    },
  }),
  api: service({
    image: 'api:1',
    dependsOn: { db: after('service_healthy'), migrate: after('service_completed_successfully') },
  }),
  migrate: service({
    image: 'api:1',
    command: ['migrate'],
    healthcheck: null,
    environment: { PASSWORD },
    mounts: [volume('data')],
    restart: { policy: 'on-failure', maxAttempts: 3 },
    dependsOn: { db: after('service_healthy') },
  }),
  once: service({ image: 'tool:1', restart: { policy: 'no', maxAttempts: null }, replicas: 3 }),
  db: service({ image: 'postgres:18', mounts: [volume('data')], environment: { PASSWORD, POSTGRES_DB: 'shop' } }),
  cache: service({ image: 'redis:8', healthcheck: null, mode: 'global' }),
})

const everything = service({
  image: 'registry.test/shop/web@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  pullPolicy: 'always',
  entrypoint: ['/bin/sh', '-c'],
  command: ['echo $HOME $$ $(id) $é $', 'plain'],
  environment: { PASSWORD, EMPTY: '', 'with.dot-and_more': '1\n2' },
  labels: { 'com.example.team': 'shop & co', plain: '' },
  user: '1000:2000',
  groupAdd: ['3000', '4000'],
  workingDir: '/srv',
  hostname: 'front',
  init: true,
  tty: true,
  stdinOpen: true,
  readOnly: true,
  capAdd: ['CHOWN', 'NET_BIND_SERVICE'],
  capDrop: ['ALL'],
  extraHosts: [
    { host: 'one.test', ip: '10.0.0.5' },
    { host: 'six.test', ip: 'fd00::5' },
    { host: 'two.test', ip: '10.0.0.5' },
  ],
  dns: ['10.0.0.53'],
  dnsSearch: ['shop.test'],
  dnsOptions: ['ndots:2', 'use-vc'],
  aliases: ['front', 'www'],
  expose: ['9000-9002/udp'],
  ports: [
    port(8080),
    port(null, 81),
    { containerPort: 53, hostPort: 53, hostIp: '127.0.0.1', protocol: 'udp' },
    port(8080),
  ],
  mounts: [
    volume('data'),
    volume('assets', true),
    { ...volume('data'), target: '/again' },
    { type: 'tmpfs', target: '/run', sizeBytes: 64_000_000, mode: 0o700 },
    { type: 'tmpfs', target: '/tmp', sizeBytes: null, mode: null },
  ],
  shmSizeBytes: 128 * 1024 ** 2,
  stopGracePeriodNs: 2.5e9,
  healthcheck: {
    disabled: false,
    test: ['CMD-SHELL', 'test "$(id -u)" = 1000 && echo $$'],
    intervalNs: 1.5e9,
    timeoutNs: 1e9,
    startPeriodNs: 11e9,
    retries: 5,
  },
  resources: {
    cpus: 1.5,
    memoryBytes: 1.5 * 1024 ** 3,
    pids: null,
    reservedCpus: 0.25,
    reservedMemoryBytes: 100_000_000,
  },
  replicas: 3,
  update: { parallelism: 1_000_000, delayNs: 90e9, order: 'stop-first' },
})

const routed = app(
  {
    web: service({
      image: 'web:1',
      replicas: 2,
      update: { parallelism: 2 },
      healthcheck: null,
      ports: [port(443, 8443)],
      resources: { cpus: 0.005, memoryBytes: 8 * 1024 ** 2, pids: null, reservedCpus: null, reservedMemoryBytes: null },
    }),
    admin: service({ image: 'admin:1', update: { order: 'stop-first', parallelism: 0 } }),
  },
  {
    routes: [
      { host: 'admin.shop.test', path: '/', service: 'admin', port: 80 },
      { host: 'shop.test', path: '/', service: 'web', port: 8080 },
      { host: 'shop.test', path: '/admin', service: 'admin', port: 80 },
      { host: 'shop.test', path: '/api', service: 'web', port: 9090 },
    ],
    progressDeadlineNs: 30e9,
  },
)

/** By the name of its golden file. */
export const CASES: Readonly<Record<string, Case>> = {
  'hello-never-told': { wanted: desired(hello), facts: null },
  'hello-old': { wanted: desired(hello, { replicas: { web: 3 }, restartGeneration: 2 }), facts: OLD },
  'chain-modern': { wanted: desired(chain), facts: MODERN },
  'chain-stopped-old': { wanted: desired(chain, { running: false }), facts: OLD },
  'chain-none-old': { wanted: desired(chain, { replicas: { migrate: 0, once: 0, web: 0 } }), facts: OLD },
  'everything-modern': { wanted: desired(app({ web: everything })), facts: MODERN },
  'everything-old': { wanted: desired(app({ web: everything })), facts: { ...OLD, architectures: ['arm64'] } },
  'routes-modern': {
    wanted: desired(routed, { tenant: { id: 'tenant-2', name: 'acme-east' } }),
    facts: { ...MODERN, podCidrs: [...MODERN.podCidrs, 'fd00:42::/64'] },
    settings: { publish: 'LoadBalancer', ingressClass: 'nginx' },
  },
  'mixed-nodes-old': {
    wanted: desired(
      app({
        web: service({
          mounts: [volume('data')],
          healthcheck: null,
          ports: [port(null)],
          restart: { policy: 'always', maxAttempts: null },
        }),
        agent: service({ mode: 'global', user: '65534', update: { parallelism: 2, delayNs: 3e9 } }),
      }),
    ),
    facts: { ...OLD, podCidrs: [], architectures: ['amd64', 'arm64'] },
    settings: { publish: 'ClusterIP', storageClass: 'fast', volumeSize: '20Gi' },
  },
}
