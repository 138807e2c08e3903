import Type, { type Static, type TSchema } from 'typebox'
import {
  closed,
  DryRun,
  ExpectPlan,
  Labels,
  Name,
  named,
  nullable,
  oneOf,
  ref,
  Timestamp,
  Uuid,
  Version,
  waitQuery,
} from '../../web/index.ts'

/** A service's name as Compose allows it. */
export const ServiceName = Type.String({ pattern: '^[a-zA-Z0-9._-]{1,63}$' })
const byService = <T extends TSchema>(value: T, description: string) =>
  Type.Record(ServiceName, value, { description, maxProperties: 1000, additionalProperties: false })

const Replicas = Type.Integer({ minimum: 0, maximum: 1000 })
const ImageRef = Type.String({
  pattern: '^(?!.*/[^A-Za-z0-9])[A-Za-z0-9]([A-Za-z0-9._:/@-]{0,510}[A-Za-z0-9_])?$',
  description: '`[registry/]name[:tag][@digest]`.',
})
const VariableName = Type.String({ pattern: '^[^=\\x00]{1,255}$' })
const VariableValue = Type.String({ maxLength: 131_072 })
const releaseNumber = Type.Integer({ minimum: 1, maximum: 2_147_483_647 })

export const AppParams = closed({ tenant: Name, app: Name })
export const TenantOnly = closed({ tenant: Name })
export const ReleaseParams = closed({ tenant: Name, app: Name, number: releaseNumber })

export const Wanted = closed({
  release: nullable(Type.Integer({ description: 'null: nothing of the app is wanted.' })),
  replicas: Type.Record(Type.String(), Type.Integer()),
  running: Type.Boolean(),
  restartGeneration: Type.Integer({ description: 'Raised by each restart.' }),
})

export const App = named(
  'App',
  closed({
    id: Uuid,
    tenant: Name,
    name: Name,
    labels: Labels,
    host: nullable(Type.String({ description: 'Where it runs; null until it is placed.' })),
    version: Version,
    wanted: Wanted,
    currentRelease: nullable(Type.Integer({ description: 'The release of the last state that came true.' })),
    removing: Type.Boolean(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  }),
)
export type App = Static<typeof App>

const images = Type.Optional(byService(ImageRef, 'Image references that take the place of those in the spec.'))

export const ApplyBody = closed({
  compose: Type.Optional(
    Type.String({ minLength: 1, description: 'The text of a Compose file. Either this or `spec`.' }),
  ),
  spec: Type.Optional(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'The same document as JSON.',
    }),
  ),
  variables: Type.Optional(
    Type.Record(VariableName, VariableValue, {
      description: 'What `${NAME}` in the document stands for; nothing else is looked at.',
      maxProperties: 1000,
      additionalProperties: false,
    }),
  ),
  labels: Type.Optional(Labels),
  images,
  force: Type.Optional(Type.Boolean({ description: 'Make an operation even where nothing changes.' })),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})
export type ApplyBody = Static<typeof ApplyBody>

export const DeployBody = closed({
  images,
  env: Type.Optional(
    byService(
      Type.Record(VariableName, nullable(VariableValue), { maxProperties: 1000, additionalProperties: false }),
      'Environment variables to set; null takes one away.',
    ),
  ),
  release: Type.Optional(releaseNumber),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})
export type DeployBody = Static<typeof DeployBody>

export const ScaleBody = closed({
  services: Type.Record(ServiceName, Replicas, { minProperties: 1, maxProperties: 1000, additionalProperties: false }),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})

export const RollbackBody = closed({
  release: Type.Optional(releaseNumber),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})

/** Of start, stop and restart. */
export const PlainBody = closed({ dryRun: DryRun, expectPlan: ExpectPlan })

export const PatchBody = closed({ labels: Type.Optional(Labels), dryRun: DryRun, expectPlan: ExpectPlan })
export type PatchBody = Static<typeof PatchBody>

const supersede = Type.Optional(
  oneOf(['queue'], { description: '`queue`: wait for what is under way instead of taking its place.' }),
)
export const DeployQuery = closed({ ...waitQuery, supersede })
export const WaitQuery = closed(waitQuery)
const volumes = Type.Boolean({ default: false, description: 'Remove its volumes too.' })
export const RemoveQuery = closed({ ...waitQuery, supersede, volumes, dryRun: DryRun, expectPlan: ExpectPlan })
/** The same where nothing fills defaults in. */
export const RemoveBody = closed({ volumes: Type.Optional(volumes), dryRun: DryRun, expectPlan: ExpectPlan })

export const Note = closed({
  path: Type.String(),
  level: Type.String(),
  message: Type.String(),
  kinds: Type.Optional(
    Type.Array(Type.String(), { description: 'The kinds of hosts that this is so on; where it is missing, all.' }),
  ),
})

const release = {
  number: Type.Integer(),
  digest: Type.String({ description: 'SHA-256 of the normalised spec.' }),
  notes: Type.Array(Note),
  createdBy: Type.String(),
  createdAt: Timestamp,
  succeededAt: nullable(Timestamp),
}
export const ReleaseSummary = named('ReleaseSummary', closed(release))
export type ReleaseSummary = Static<typeof ReleaseSummary>

export const Release = named(
  'Release',
  closed({
    ...release,
    spec: Type.Unsafe<object>({
      type: 'object',
      additionalProperties: true,
      description: 'The normalised spec. The role `viewer` sees `***` for the values of environment variables.',
    }),
  }),
)
export type Release = Static<typeof Release>

const anyJson = Type.Unsafe<unknown>({ description: 'null where it is not there.' })
export const ReleaseDiff = named(
  'ReleaseDiff',
  closed({
    from: Type.Integer(),
    to: Type.Integer(),
    changes: Type.Array(
      closed({
        path: Type.String({ description: 'JSON Pointer into the normalised spec.' }),
        from: anyJson,
        to: anyJson,
      }),
      { description: 'Values of environment variables are shown as `***`.' },
    ),
  }),
)
export type ReleaseDiff = Static<typeof ReleaseDiff>

export const INSTANCE_STATES = ['pending', 'starting', 'running', 'unhealthy', 'exited', 'failed', 'unknown'] as const
export const WORKLOAD_STATUSES = [
  'running',
  'progressing',
  'degraded',
  'stopped',
  'completed',
  'missing',
  'drifted',
  'orphan',
] as const

export const Instance = named(
  'Instance',
  closed({
    id: Uuid,
    nativeId: Type.String(),
    name: Type.String(),
    host: Type.String(),
    service: Type.String(),
    release: nullable(Type.Integer()),
    state: oneOf(INSTANCE_STATES),
    health: nullable(Type.String()),
    image: Type.String(),
    imageDigest: nullable(Type.String()),
    addresses: Type.Array(Type.String()),
    ports: Type.Array(
      closed({
        containerPort: Type.Integer(),
        hostPort: Type.Integer(),
        hostIp: Type.String(),
        protocol: Type.String(),
      }),
    ),
    restarts: Type.Integer(),
    exitCode: nullable(Type.Integer()),
    startedAt: nullable(Timestamp),
  }),
)
export type Instance = Static<typeof Instance>

export const Workload = named(
  'Workload',
  closed({
    id: Type.String({ description: '`<app>.<service>.<host>`.' }),
    app: Name,
    service: Type.String(),
    host: nullable(Type.String()),
    release: nullable(Type.Integer({ description: 'The newest that an instance of it is of.' })),
    desired: Type.Integer(),
    ready: Type.Integer(),
    status: oneOf(WORKLOAD_STATUSES),
    drift: Type.Array(closed({ path: Type.String(), desired: anyJson, actual: anyJson })),
    instances: Type.Array(ref(Instance)),
  }),
)
export type Workload = Static<typeof Workload>

export const appSchemas: readonly TSchema[] = [App, ReleaseSummary, Release, ReleaseDiff, Instance, Workload]
