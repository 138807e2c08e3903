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
  optionalBody,
  pageQuery,
  PlanAnswer,
  ref,
  Timestamp,
  Uuid,
  Version,
} from '../../web/index.ts'

/** Kinds of hosts that have a driver. */
export const HOST_KINDS = ['docker'] as const
export type HostKind = (typeof HOST_KINDS)[number]

export const HOST_STATUSES = ['ready', 'suspect', 'unreachable', 'unknown'] as const
export type HostStatus = (typeof HOST_STATUSES)[number]

/** What of an endpoint may be shown; the rest is sealed. */
const Transport = closed(
  { socketPath: Type.Optional(Type.String()), url: Type.Optional(Type.String()) },
  { description: 'One of `socketPath` and `url` (`tcp://host:port`). Credentials are never shown.' },
)

const EndpointInput = closed(
  {
    socketPath: Type.Optional(
      Type.String({
        pattern: '^/.{1,106}$',
        description: 'An absolute path of a unix socket that the workers can open, at most 107 characters.',
      }),
    ),
    url: Type.Optional(Type.String({ minLength: 1, maxLength: 300, description: '`tcp://host:port`.' })),
  },
  { description: 'One of both.' },
)
export type EndpointInput = Static<typeof EndpointInput>

export const Host = named(
  'Host',
  closed({
    id: Uuid,
    name: Name,
    kind: oneOf(HOST_KINDS),
    endpoint: Transport,
    labels: Labels,
    tenants: Type.Array(Name, { description: 'Tenants that may use it; empty: all.' }),
    status: oneOf(HOST_STATUSES),
    schedulable: Type.Boolean({ description: 'false: it gets no new apps (cordoned).' }),
    version: Version,
    engineVersion: nullable(Type.String()),
    capacity: nullable(closed({ cpus: Type.Number(), memory: Type.Number({ description: 'Bytes.' }) })),
    allocated: closed({ instances: Type.Integer() }),
    lastSeenAt: nullable(Timestamp),
    message: nullable(Type.String({ description: 'Why it is not ready.' })),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  }),
)
export type Host = Static<typeof Host>

/** A change's answer: the host, or with `dryRun` the plan. */
export const HostOrPlan = Type.Union([ref(Host), ref(PlanAnswer)])

const TenantNames = Type.Array(Name, { maxItems: 1000, uniqueItems: true })

export const RegisterHost = closed({
  name: Name,
  kind: oneOf(HOST_KINDS),
  endpoint: EndpointInput,
  labels: Type.Optional(Labels),
  tenants: Type.Optional(TenantNames),
  schedulable: Type.Optional(Type.Boolean({ description: 'Left out: true.' })),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})
export type RegisterHost = Static<typeof RegisterHost>

export const ChangeHost = closed({
  labels: Type.Optional(Labels),
  tenants: Type.Optional(TenantNames),
  schedulable: Type.Optional(Type.Boolean()),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})
export type ChangeHost = Static<typeof ChangeHost>

export const ProbeHost = optionalBody(
  closed({
    adopt: Type.Optional(Type.Boolean({ description: 'Leave the marker anew where the engine has lost it.' })),
    dryRun: DryRun,
    expectPlan: ExpectPlan,
  }),
)
export type ProbeHost = Static<typeof ProbeHost>

export const CordonHost = optionalBody(closed({ dryRun: DryRun, expectPlan: ExpectPlan }))

export const HostParams = closed({ host: Name })
export const DeleteHostQuery = closed({
  force: Type.Optional(
    Type.Boolean({ description: 'Delete it although its engine does not answer: the marker stays there.' }),
  ),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})
export type DeleteHostQuery = Static<typeof DeleteHostQuery>

export const InventoryItem = named(
  'InventoryItem',
  closed({
    id: Type.String(),
    name: Type.String(),
    managed: Type.Boolean({ description: "It is this installation's." }),
    tenant: nullable(Type.String()),
    app: nullable(Type.String()),
    state: nullable(Type.String()),
    image: nullable(Type.String()),
    sizeBytes: nullable(Type.Number()),
    labels: Type.Record(Type.String(), Type.String()),
    createdAt: nullable(Type.String()),
  }),
)
export type InventoryItem = Static<typeof InventoryItem>
export const InventoryQuery = closed(pageQuery)

export const hostSchemas: readonly TSchema[] = [Host, InventoryItem]
