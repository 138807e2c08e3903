import Type, { type Static, type TSchema } from 'typebox'
import { closed, Name, named, nullable, ref, Timestamp, Uuid } from '../../web/index.ts'

const Amount = (description: string) => Type.Number({ minimum: 0, description })
const perhaps = (description: string) => nullable(Amount(description))
const rate = (what: string) => Amount(`Bytes a second ${what}, since the sample before.`)

export const Usage = named(
  'Usage',
  closed({
    cpu: closed({
      cores: Amount('In use since the sample before: 0.5 is half a core.'),
      limitCores: Amount('That may be used: the limit, else the cores of the host.'),
      ofLimit: Type.Number({ minimum: 0, maximum: 1, description: '`cores` of `limitCores`.' }),
    }),
    memory: closed({
      bytes: Amount('The working set: without the page cache that could be given back.'),
      limitBytes: Amount("The limit, else the host's memory."),
    }),
    network: nullable(
      closed(
        {
          receivedBytes: Amount('Since the container began.'),
          sentBytes: Amount('Since the container began.'),
          receivedBytesPerSecond: rate('received'),
          sentBytesPerSecond: rate('sent'),
        },
        { description: 'null: the engine does not tell it. In a sum: of those whose engines do.' },
      ),
    ),
    blockIo: nullable(
      closed(
        {
          readBytes: Amount('Since the container began.'),
          writtenBytes: Amount('Since the container began.'),
          readBytesPerSecond: rate('read'),
          writtenBytesPerSecond: rate('written'),
        },
        { description: 'As `network`.' },
      ),
    ),
  }),
)
export type Usage = Static<typeof Usage>

const which = {
  id: Uuid,
  name: Type.String(),
  service: Type.String(),
  host: Type.String(),
}
const missing = {
  ...which,
  reason: Type.String({ description: 'Why nothing is known of it, for a person.' }),
}

export const AppStats = named(
  'AppStats',
  closed({
    at: Timestamp,
    usage: ref(Usage),
    services: Type.Array(closed({ service: Type.String(), usage: ref(Usage) })),
    instances: Type.Array(closed({ ...which, usage: ref(Usage) }), { description: 'Those that run.' }),
    missing: Type.Array(closed(missing), {
      description: 'Instances that run as far as is known, and are in no sum: their host does not tell.',
    }),
  }),
)
export type AppStats = Static<typeof AppStats>

export const TenantStats = named(
  'TenantStats',
  closed({
    at: Timestamp,
    usage: ref(Usage),
    apps: Type.Array(closed({ app: Name, usage: ref(Usage) }), { description: 'Those of which something runs.' }),
    missing: Type.Array(closed({ app: Name, ...missing })),
  }),
)
export type TenantStats = Static<typeof TenantStats>

const HistorySample = closed({
  at: Timestamp,
  cpuCores: Amount('As `cpu.cores`, since the sample before.'),
  memoryBytes: Amount('As `memory.bytes`.'),
  receivedBytesPerSecond: perhaps('null: the engine does not tell it; so too below.'),
  sentBytesPerSecond: perhaps(''),
  readBytesPerSecond: perhaps(''),
  writtenBytesPerSecond: perhaps(''),
})
export type HistorySample = Static<typeof HistorySample>

export const StatsHistory = named(
  'StatsHistory',
  closed({
    resolutionSeconds: Type.Number({ description: 'A sample is taken so often.' }),
    instances: Type.Array(closed({ ...which, samples: Type.Array(HistorySample, { description: 'Oldest first.' }) })),
    missing: Type.Array(closed(missing), { description: 'Instances whose samples could not be had, and why.' }),
  }),
)
export type StatsHistory = Static<typeof StatsHistory>

export const AppStatsQuery = closed({
  follow: Type.Boolean({ default: false, description: 'A stream: about one sample a second.' }),
  history: Type.Boolean({ default: false, description: 'The samples of the last hour that are kept.' }),
})
export const TenantStatsQuery = closed({ follow: AppStatsQuery.properties.follow })

export const statsSchemas: readonly TSchema[] = [Usage, AppStats, TenantStats, StatsHistory]
