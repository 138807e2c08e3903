import type Docker from 'dockerode'
import type { HealthcheckSpec, MountSpec, ServiceSpec } from '../../spec/index.ts'

/** What a container gets beside its service's spec. */
export interface ContainerFrame {
  /** The whole set of the labels that are ours; they come before the spec's. */
  readonly labels: Readonly<Record<string, string>>
  readonly network: string
  readonly address: string
  /** The names that it answers to in the network; none until it is promoted. */
  readonly aliases: readonly string[]
  /** How often its health is checked where the spec does not say, in nanoseconds; null: as the image says. */
  readonly healthIntervalNs: number | null
  /** The engine's name of a volume of the spec, and the labels that it has. */
  readonly volume: (key: string) => { readonly name: string; readonly labels: Readonly<Record<string, string>> }
}

/** A log never grows for ever: 3 files of 10 MB where the spec says nothing. */
const LOG_LIMITS = { 'max-size': '10m', 'max-file': '3' }

const PLAIN_SECONDS_NS = 1_000_000_000

/** A service's container as the engine takes it (`POST /containers/create`). Pure, and the same for the same spec. */
export function toContainer(service: ServiceSpec, frame: ContainerFrame): Docker.ContainerCreateOptions {
  const exposed = [
    ...service.expose.flatMap(expandPorts),
    ...service.ports.map((port) => `${port.containerPort}/${port.protocol}`),
  ]
  return compact({
    Image: service.image,
    Cmd: service.command ? [...service.command] : undefined,
    // The engine's word for "none, not even the image's".
    Entrypoint: service.entrypoint?.length === 0 ? [''] : service.entrypoint ? [...service.entrypoint] : undefined,
    Env: sorted(service.environment).map(([name, value]) => `${name}=${value}`),
    Labels: { ...service.labels, ...frame.labels },
    User: service.user ?? undefined,
    WorkingDir: service.workingDir ?? undefined,
    Hostname: service.hostname ?? undefined,
    Domainname: service.domainname ?? undefined,
    Tty: service.tty,
    OpenStdin: service.stdinOpen,
    ExposedPorts: Object.fromEntries([...new Set(exposed)].toSorted().map((port) => [port, {}])),
    Healthcheck: toHealthcheck(service.healthcheck, frame.healthIntervalNs),
    StopSignal: service.stopSignal ?? undefined,
    StopTimeout: Math.ceil(service.stopGracePeriodNs / PLAIN_SECONDS_NS),
    HostConfig: toHostConfig(service, frame),
    NetworkingConfig: {
      EndpointsConfig: { [frame.network]: { Aliases: [...frame.aliases], IPAMConfig: { IPv4Address: frame.address } } },
    },
  })
}

function toHostConfig(service: ServiceSpec, frame: ContainerFrame): Docker.HostConfig {
  const { resources, restart } = service
  return compact({
    NetworkMode: frame.network,
    PortBindings: toPortBindings(service),
    Mounts: service.mounts.map((mount) => toMount(mount, frame)),
    ReadonlyRootfs: service.readOnly,
    CapAdd: [...service.capAdd],
    CapDrop: [...service.capDrop],
    SecurityOpt: ['no-new-privileges'],
    GroupAdd: [...service.groupAdd],
    Init: service.init,
    Ulimits: sorted(service.ulimits).map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard })),
    ShmSize: service.shmSizeBytes ?? undefined,
    OomScoreAdj: service.oomScoreAdj ?? undefined,
    Memory: resources.memoryBytes ?? undefined,
    MemoryReservation: resources.reservedMemoryBytes ?? undefined,
    NanoCpus: resources.cpus === null ? undefined : Math.round(resources.cpus * 1e9),
    PidsLimit: resources.pids ?? undefined,
    RestartPolicy:
      restart.policy === 'on-failure'
        ? { Name: restart.policy, MaximumRetryCount: restart.maxAttempts ?? 0 }
        : { Name: restart.policy },
    ExtraHosts: service.extraHosts.map(({ host, ip }) => `${host}:${ip}`),
    Dns: [...service.dns],
    DnsSearch: [...service.dnsSearch],
    DnsOptions: [...service.dnsOptions],
    LogConfig: toLogConfig(service.logging),
  })
}

function toPortBindings(service: ServiceSpec): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const { containerPort, hostPort, hostIp, protocol } of service.ports) {
    const key = `${containerPort}/${protocol}`
    bindings[key] = [
      ...(bindings[key] ?? []),
      { HostIp: hostIp ?? '', HostPort: hostPort === null ? '' : String(hostPort) },
    ]
  }
  return bindings
}

function toMount(mount: MountSpec, frame: ContainerFrame): Docker.MountSettings {
  if (mount.type === 'tmpfs') {
    const { sizeBytes, mode } = mount
    const options = compact({ SizeBytes: sizeBytes ?? undefined, Mode: mode ?? undefined })
    // The engine wants either option missing rather than 0; its types want both.
    return {
      Type: 'tmpfs',
      Source: '',
      Target: mount.target,
      TmpfsOptions: options as { SizeBytes: number; Mode: number },
    }
  }
  const { name, labels } = frame.volume(mount.source)
  return {
    Type: 'volume',
    Source: name,
    Target: mount.target,
    ReadOnly: mount.readOnly,
    // Should the volume have gone since it was observed, what the engine makes in its place is ours as well.
    VolumeOptions: { NoCopy: mount.noCopy, Labels: { ...labels }, DriverConfig: { Name: 'local', Options: {} } },
  }
}

/** null: the image's own. 0 and an empty test are the engine's words for "as the image says". */
function toHealthcheck(
  healthcheck: HealthcheckSpec | null,
  intervalNs: number | null,
): Docker.HealthConfig | undefined {
  // The rest is the image's.
  if (healthcheck === null) return intervalNs === null ? undefined : { Interval: intervalNs }
  if (healthcheck.disabled) return { Test: ['NONE'] }
  return compact({
    Test: healthcheck.test ? [...healthcheck.test] : undefined,
    Interval: healthcheck.intervalNs ?? intervalNs ?? undefined,
    Timeout: healthcheck.timeoutNs ?? undefined,
    StartPeriod: healthcheck.startPeriodNs ?? undefined,
    Retries: healthcheck.retries ?? undefined,
  })
}

function toLogConfig(logging: ServiceSpec['logging']): { Type: string; Config: Record<string, string> } {
  if (logging === null || logging.driver === 'json-file')
    return { Type: 'json-file', Config: { ...LOG_LIMITS, ...logging?.options } }
  return { Type: logging.driver, Config: { ...logging.options } }
}

/** `3000-3002/udp` is three ports; one without a protocol is TCP. */
function expandPorts(text: string): string[] {
  const [range = '', protocol = 'tcp'] = text.split('/')
  const [from = '', to = from] = range.split('-')
  const ports: string[] = []
  for (let port = Number(from); port <= Number(to); port++) ports.push(`${port}/${protocol}`)
  return ports
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** Without the members that are undefined. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
