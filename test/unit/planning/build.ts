import {
  effectiveDigest,
  names,
  type DesiredApp,
  type ObservedApp,
  type ObservedContainer,
} from '../../../src/planning/index.ts'
import type {
  AppSpec,
  DependencySpec,
  HealthcheckSpec,
  MountSpec,
  PortSpec,
  ServiceSpec,
  UpdateSpec,
} from '../../../src/spec/index.ts'
import { BARE_SERVICE } from '../../lab/bare-service.ts'

const HEALTHCHECK: HealthcheckSpec = {
  disabled: false,
  test: ['CMD', 'true'],
  intervalNs: 2e9,
  timeoutNs: null,
  startPeriodNs: null,
  retries: null,
}

/** A service as the spec room would give it: `nginx:1.25`, one replica, a health check, restarted unless stopped. */
export function service(
  changes: Partial<Omit<ServiceSpec, 'update'>> & { update?: Partial<UpdateSpec> } = {},
): ServiceSpec {
  const { update, ...rest } = changes
  return {
    image: 'nginx:1.25',
    pullPolicy: 'missing',
    ...BARE_SERVICE,
    stopGracePeriodNs: 10e9,
    restart: { policy: 'unless-stopped', maxAttempts: null },
    healthcheck: HEALTHCHECK,
    update: { parallelism: 1, delayNs: 0, order: 'start-first', monitorNs: 5e9, ...update },
    ...rest,
  }
}

export function app(services: Record<string, ServiceSpec>, changes: Partial<AppSpec> = {}): AppSpec {
  const keys = Object.values(services).flatMap(({ mounts }) =>
    mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : [])),
  )
  return {
    services,
    volumes: Object.fromEntries(keys.map((key) => [key, { labels: {} }])),
    placement: { hosts: {}, kinds: [] },
    progressDeadlineNs: null,
    ...changes,
  }
}

/** The app `shop` of the tenant `acme` on the host `local`, running. */
export function desired(spec: AppSpec | null, changes: Partial<DesiredApp> = {}): DesiredApp {
  return {
    installation: '1a2b3c4d-0000-4000-8000-000000000000',
    tenant: { id: 'tenant-1', name: 'acme' },
    app: { id: 'app-1', name: 'shop' },
    host: { id: 'host-1', name: 'local' },
    subnet: '10.201.0.0/26',
    spec,
    replicas: {},
    running: true,
    restartGeneration: 0,
    removeVolumes: false,
    notes: [],
    objects: null,
    force: false,
    ...changes,
  }
}

export const EMPTY: ObservedApp = { network: null, volumes: [], containers: [], objects: [] }

export const port = (hostPort: number | null, containerPort = 80): PortSpec => ({
  containerPort,
  hostPort,
  hostIp: null,
  protocol: 'tcp',
})

export const volume = (source: string, readOnly = false): MountSpec => ({
  type: 'volume',
  source,
  target: `/${source}`,
  readOnly,
  noCopy: false,
})

export const after = (condition: DependencySpec['condition'], required = true): DependencySpec => ({
  condition,
  required,
})

/** A container of a service of the desired app: of its digest, running, healthy and serving, where nothing else is said. */
export function container(
  wanted: DesiredApp,
  name: string,
  ordinal = 1,
  changes: Partial<ObservedContainer> = {},
): ObservedContainer {
  const spec = wanted.spec && Object.hasOwn(wanted.spec.services, name) ? wanted.spec.services[name] : undefined
  const serviceDigest =
    changes.serviceDigest ?? (spec ? effectiveDigest(spec, wanted.restartGeneration) : 'f'.repeat(64))
  const running = (changes.state ?? 'running') === 'running'
  return {
    nativeId: `${name}-${ordinal}-${serviceDigest.slice(0, 8)}`,
    name: names.container(wanted, name, ordinal, serviceDigest),
    service: name,
    ordinal,
    serviceDigest,
    state: 'running',
    health: spec?.healthcheck && !spec.healthcheck.disabled ? 'healthy' : null,
    exitCode: changes.state === 'exited' ? 0 : null,
    restarts: 0,
    runningForMs: running ? 60_000 : null,
    serving: true,
    ...changes,
  }
}

/** The app with its network, its volumes and these containers (default: what the spec wants, all of it well). */
export function observed(wanted: DesiredApp, containers?: readonly ObservedContainer[]): ObservedApp {
  const services = Object.entries(wanted.spec?.services ?? {})
  const all = services.flatMap(([name, { replicas }]) =>
    Array.from({ length: wanted.replicas[name] ?? replicas }, (_, at) => container(wanted, name, at + 1)),
  )
  return {
    network: { nativeId: 'net-0', name: names.network(wanted), subnet: wanted.subnet },
    volumes: Object.keys(wanted.spec?.volumes ?? {}).map((key) => ({ nativeId: `vol-${key}`, key })),
    containers: containers ?? all,
    objects: [],
  }
}
