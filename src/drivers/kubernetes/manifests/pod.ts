import type { V1Container, V1PodSpec, V1PodTemplateSpec, V1ResourceRequirements } from '@kubernetes/client-node'
import { effectiveDigest } from '../../../planning/index.ts'
import { LABELS } from '../../labels.ts'
import { labelsOf, listOrNone, mapOrNone, secondsOf, type App, type AppService } from './app.ts'
import { toDrain, type Drain } from './drain.ts'
import { secretNameOf } from './environment.ts'
import { toProbes } from './probes.ts'
import { cpuQuantity, memoryQuantity } from './quantities.ts'
import { verbatim } from './verbatim.ts'
import { toMounted, volumesOf, type Mounted } from './volumes.ts'

/** Nothing has this label: what is to run on nodes that have it, runs nowhere. */
const NOWHERE = { 'moorage.io/stopped': 'true' }

const PULL = { always: 'Always', missing: 'IfNotPresent', never: 'Never' } as const

/** What a service's pods are. Nothing of its environment stands in it. */
export function toPodTemplate(app: App, service: AppService): V1PodTemplateSpec {
  const { name, spec, kind } = service
  const { restartGeneration, running } = app.desired
  const drain = toDrain(app, service)
  const own = toMounted(service)
  const pod: V1PodSpec = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: restartOf(service),
    terminationGracePeriodSeconds: secondsOf(spec.stopGracePeriodNs) + drain.seconds,
    shareProcessNamespace: spec.init || undefined,
    hostname: spec.hostname ?? undefined,
    dnsConfig: dnsOf(service),
    hostAliases: hostsOf(service),
    nodeSelector: kind === 'DaemonSet' && !running ? { ...NOWHERE } : undefined,
    securityContext: securityOf(service),
    containers: [toContainer(app, service, { drain, mounts: [...own.mounts, ...drain.mounts] })],
    volumes: listOrNone([...own.volumes, ...drain.volumes]),
  }
  return {
    metadata: {
      labels: labelsOf(app, name),
      annotations: {
        ...spec.labels,
        [LABELS.serviceDigest]: effectiveDigest(spec, restartGeneration),
        [LABELS.restartGeneration]: String(restartGeneration),
      },
    },
    spec: pod,
  }
}

function toContainer(
  app: App,
  service: AppService,
  { drain, mounts }: { readonly drain: Drain; readonly mounts: Mounted['mounts'] },
): V1Container {
  const { name, spec } = service
  const secret = secretNameOf(app, service)
  return {
    name,
    image: spec.image,
    imagePullPolicy: PULL[spec.pullPolicy],
    command: listOrNone(verbatim(spec.entrypoint ?? [])),
    args: listOrNone(verbatim(spec.command ?? [])),
    workingDir: spec.workingDir ?? undefined,
    tty: spec.tty || undefined,
    stdin: spec.stdinOpen || undefined,
    envFrom: secret === null ? undefined : [{ secretRef: { name: secret } }],
    resources: resourcesOf(service),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: spec.readOnly || undefined,
      capabilities:
        spec.capAdd.length + spec.capDrop.length === 0
          ? undefined
          : { add: listOrNone(spec.capAdd), drop: listOrNone(spec.capDrop) },
    },
    ...toProbes(service),
    lifecycle: drain.preStop ? { preStop: drain.preStop } : undefined,
    volumeMounts: listOrNone(mounts),
  }
}

function restartOf({ kind, spec }: AppService): string {
  if (kind !== 'Job') return 'Always'
  return spec.restart.policy === 'no' ? 'Never' : 'OnFailure'
}

/** Requests that are left out are the limits: the API server's own default. */
function resourcesOf({ spec: { resources } }: AppService): V1ResourceRequirements | undefined {
  const of = (cpus: number | null, bytes: number | null): Record<string, string> | undefined =>
    mapOrNone({
      ...(cpus !== null && { cpu: cpuQuantity(cpus) }),
      ...(bytes !== null && { memory: memoryQuantity(bytes) }),
    })
  const limits = of(resources.cpus, resources.memoryBytes)
  const requests = of(resources.reservedCpus, resources.reservedMemoryBytes)
  return limits || requests ? { limits, requests } : undefined
}

/** Numbers, as all are by now. A volume belongs to the group that the process is of. */
function securityOf(service: AppService): V1PodSpec['securityContext'] {
  const { user, groupAdd } = service.spec
  const [uid, gid] = user === null ? [] : user.split(':').map(Number)
  return {
    runAsUser: uid,
    runAsGroup: gid,
    fsGroup: volumesOf(service).length > 0 ? (gid ?? uid) : undefined,
    supplementalGroups: listOrNone(groupAdd.map(Number)),
    seccompProfile: { type: 'RuntimeDefault' },
  }
}

function dnsOf({ spec }: AppService): V1PodSpec['dnsConfig'] {
  const options = spec.dnsOptions.map((option) => {
    const [name = '', ...value] = option.split(':')
    return value.length === 0 ? { name } : { name, value: value.join(':') }
  })
  return mapOrNone({
    ...(spec.dns.length > 0 && { nameservers: [...spec.dns] }),
    ...(spec.dnsSearch.length > 0 && { searches: [...spec.dnsSearch] }),
    ...(options.length > 0 && { options }),
  })
}

function hostsOf({ spec }: AppService): V1PodSpec['hostAliases'] {
  const ips = [...new Set(spec.extraHosts.map(({ ip }) => ip))]
  return listOrNone(
    ips.map((ip) => ({
      ip,
      hostnames: spec.extraHosts.filter((one) => one.ip === ip).map(({ host }) => host),
    })),
  )
}
