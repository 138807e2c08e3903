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
export const HOST_KINDS = ['docker', 'kubernetes'] as const
export type HostKind = (typeof HOST_KINDS)[number]

export const HOST_STATUSES = ['ready', 'suspect', 'unreachable', 'unknown'] as const
export type HostStatus = (typeof HOST_STATUSES)[number]

const SocketPath = Type.String({
  pattern: '^/.{1,106}$',
  description: 'An absolute path of a unix socket, at most 107 characters.',
})

/** What of an endpoint may be shown; the rest is sealed. */
const EndpointView = closed(
  {
    socketPath: Type.Optional(Type.String()),
    url: Type.Optional(Type.String()),
    tls: Type.Optional(Type.Literal(true, { description: 'The url is reached with a client certificate.' })),
    ssh: Type.Optional(
      closed({
        host: Type.String(),
        port: Type.Integer(),
        user: Type.String(),
        knownHost: Type.String({ description: 'The pinned host keys, a line `type base64` each.' }),
        socketPath: Type.String(),
      }),
    ),
    context: Type.Optional(Type.String({ description: "Which one of a kubeconfig's contexts it was." })),
    inCluster: Type.Optional(Type.Literal(true)),
  },
  {
    description:
      'One of `socketPath`, `url`, `ssh` and `inCluster`. Keys, certificates, tokens and kubeconfigs are never shown.',
  },
)
export type EndpointView = Static<typeof EndpointView>

const Pem = (description: string, options: { writeOnly?: true; maxLength?: number } = {}) =>
  Type.String({ minLength: 1, maxLength: 100_000, description, ...options })

const EndpointInput = closed(
  {
    socketPath: Type.Optional(SocketPath),
    url: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 300,
        description:
          'Of a Docker engine: `tcp://host:port`, which is plain HTTP unless `tls` is given, or `https://host:port`, where without `tls` the CAs that the server itself trusts vouch for the engine. Of a cluster: `https://host:port` of its API server, with a path where it has one, and a `token`.',
      }),
    ),
    tls: Type.Optional(
      closed(
        {
          ca: Pem("The CA's certificate in PEM, or several: whose the engine's certificate must be."),
          cert: Pem("The client's certificate in PEM, with its chain after it."),
          key: Pem("The client's private key in PEM, without a passphrase.", { writeOnly: true }),
        },
        { description: 'Mutual TLS, for the `url` of a Docker engine.' },
      ),
    ),
    ssh: Type.Optional(
      closed(
        {
          host: Type.String({ minLength: 1, maxLength: 254, description: 'A name or an address.' }),
          port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: 'Left out: 22.' })),
          user: Type.String({
            pattern: '^[^\\s\\p{C}]{1,64}$',
            description: "Whose login it is: root, or a member of the group that may open the engine's socket.",
          }),
          privateKey: Pem("The login's private key, as ssh-keygen makes it, without a passphrase.", {
            writeOnly: true,
            // The largest RSA key has 13 kB; the SSH library reads what is no key in the square of its length.
            maxLength: 20_000,
          }),
          knownHost: Pem(
            "The server's host keys that are believed, a line each: as `ssh-keyscan` prints them and known_hosts has them, or `type base64`. Names in them say nothing.",
          ),
          socketPath: Type.Optional({
            ...SocketPath,
            description: 'Where the engine listens on that machine. Left out: /var/run/docker.sock.',
          }),
        },
        { description: "The engine's socket behind an SSH server, which must be allowed to forward it." },
      ),
    ),
    kubeconfig: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256 * 1024,
        writeOnly: true,
        description:
          'The text of a kubeconfig. Its user has a token, or a client certificate (`…-data`); what would run a program or read a file on the control plane is refused.',
      }),
    ),
    context: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 253,
        description: "Which one of the kubeconfig's contexts, where there are several.",
      }),
    ),
    token: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 17_000,
        writeOnly: true,
        description: 'A bearer token, as a service account has one, for the `url` of a cluster.',
      }),
    ),
    ca: Type.Optional(
      Pem(
        "With `token`: the CA's certificate in PEM, or several: whose the API server's certificate must be. Left out: one that the server itself trusts.",
      ),
    ),
    inCluster: Type.Optional(
      Type.Literal(true, { description: 'The cluster that the API and the workers run in, as their service account.' }),
    ),
  },
  {
    description:
      'Of a Docker engine: exactly one of `socketPath` (one that the API and the workers can open), `url` and `ssh`. Of a cluster: exactly one of `kubeconfig`, `url` (with `token`) and `inCluster`.',
  },
)
export type EndpointInput = Static<typeof EndpointInput>
export const ENDPOINT_MEMBERS = Object.keys(EndpointInput.properties) as (keyof EndpointInput)[]

const ClassName = nullable(Type.String({ pattern: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$' }))

export const HostSettings = closed(
  {
    publish: Type.Optional(
      oneOf(['ClusterIP', 'NodePort', 'LoadBalancer'], {
        description: 'The type of the Services that published ports get. Left out: `NodePort`.',
      }),
    ),
    ingressClass: Type.Optional({
      ...ClassName,
      description: "The class of the Ingresses that routes become. Left out or null: the cluster's default.",
    }),
    storageClass: Type.Optional({
      ...ClassName,
      description: "The class of the claims that volumes become. Left out or null: the cluster's default.",
    }),
    volumeSize: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,11}(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?$',
        description: 'The size of such a claim, a quantity of Kubernetes. Left out: `1Gi`.',
      }),
    ),
    nodeStats: Type.Optional(
      Type.Boolean({
        description:
          'Read statistics from the kubelets through the node proxy, which takes `nodes/proxy` (deploy/kubernetes/rbac.yaml says what that means). Left out: false.',
      }),
    ),
    writesPerSecond: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, description: 'Of each process. Left out: 20.' }),
    ),
    writeBurst: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, description: 'Writes at once after a pause. Left out: 200.' }),
    ),
  },
  { description: 'Of a cluster; a Docker host has none. What is left out has its default.' },
)
export type HostSettings = Static<typeof HostSettings>
/** The settings that hosts of each kind have. */
export const SETTINGS_OF: Readonly<Record<HostKind, readonly string[]>> = {
  docker: [],
  kubernetes: Object.keys(HostSettings.properties),
}

export const Host = named(
  'Host',
  closed({
    id: Uuid,
    name: Name,
    kind: oneOf(HOST_KINDS),
    endpoint: EndpointView,
    labels: Labels,
    settings: HostSettings,
    tenants: Type.Array(Name, { description: 'Tenants that may use it; empty: all.' }),
    status: oneOf(HOST_STATUSES),
    schedulable: Type.Boolean({ description: 'false: it gets no new apps (cordoned).' }),
    version: Version,
    engineVersion: nullable(Type.String()),
    capacity: nullable(closed({ cpus: Type.Number(), memory: Type.Number({ description: 'Bytes.' }) })),
    allocated: closed({
      instances: Type.Integer(),
      cpus: Type.Number({
        description: 'The limits (else reservations) of all services wanted here; one without counts nothing.',
      }),
      memory: Type.Number({ description: 'Bytes, likewise.' }),
    }),
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
  settings: Type.Optional(HostSettings),
  tenants: Type.Optional(TenantNames),
  schedulable: Type.Optional(Type.Boolean({ description: 'Left out: true.' })),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})
export type RegisterHost = Static<typeof RegisterHost>

export const ChangeHost = closed({
  endpoint: Type.Optional({
    ...EndpointInput,
    description:
      'Another way to the same engine (a new certificate, key, host key or address): it must answer there and show the marker of this host, or nothing changes.',
  }),
  labels: Type.Optional(Labels),
  settings: Type.Optional({ ...HostSettings, description: 'All of them: what is left out gets its default.' }),
  tenants: Type.Optional(TenantNames),
  schedulable: Type.Optional(Type.Boolean()),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})
export type ChangeHost = Static<typeof ChangeHost>

export const ProbeBody = closed({
  adopt: Type.Optional(Type.Boolean({ description: 'Leave the marker anew where the engine has lost it.' })),
  dryRun: DryRun,
  expectPlan: ExpectPlan,
})
export const ProbeHost = optionalBody(ProbeBody)
export type ProbeHost = Static<typeof ProbeHost>

export const CordonBody = closed({ dryRun: DryRun, expectPlan: ExpectPlan })
export const CordonHost = optionalBody(CordonBody)

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
