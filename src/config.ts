import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { resolve } from 'node:path'
import Type, { type Static, type TSchema } from 'typebox'
import Value from 'typebox/value'
import { isBlockOfAddresses } from './lib/address-block.ts'

/** What the sealing keys look like, and how to get one. */
const KEYS = "`id:base64(32 bytes)[,…]`; this makes one: node -p \"'k1:' + crypto.randomBytes(32).toString('base64')\""

/**
 * Every setting: its variable, its form and its default (docs/settings.md is generated from here).
 * `DATABASE_URL` aside, all begin with `MOORAGE_`; one that is not in this table is an error. What is marked `secret` may
 * stand in a file instead, whose path is the value of `<name>_FILE`.
 */
export const SETTINGS = Type.Object(
  {
    DATABASE_URL: Type.Optional(
      Type.String({
        pattern: '^postgres(ql)?://',
        form: 'like postgres://user:password@host:5432/database',
        secret: true,
        description: 'Any Postgres 14 or newer. Unset: an embedded Postgres in the data folder.',
      }),
    ),
    MOORAGE_HOST: Type.String({
      default: '127.0.0.1',
      minLength: 1,
      description: 'The address that the API listens on.',
    }),
    MOORAGE_PORT: Type.Integer({
      default: 7080,
      minimum: 0,
      maximum: 65_535,
      description: 'The port that the API listens on; 0 picks a free one, which is printed.',
    }),
    MOORAGE_DATA_DIR: Type.String({
      default: '.moorage',
      minLength: 1,
      description: 'The folder of the embedded database, the generated key and the first token.',
    }),
    MOORAGE_ROLES: Type.String({
      default: 'api,worker',
      pattern: '^(api|worker|api,worker|worker,api)$',
      form: 'api, worker or api,worker',
      description: 'What this process does: `api`, `worker` or both.',
    }),
    MOORAGE_ADMIN_TOKEN: Type.Optional(
      Type.String({
        pattern: '^mrg_[A-Za-z0-9_-]{32,}$',
        form: 'mrg_ and at least 32 of A-Z, a-z, 0-9, _ and -',
        secret: true,
        description: "The first admin's token. Unset: made once and kept in the data folder with mode 0600.",
      }),
    ),
    MOORAGE_SECRET_KEYS: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{1,32}:[A-Za-z0-9+/]{43}=(,[A-Za-z0-9_-]{1,32}:[A-Za-z0-9+/]{43}=)*$',
        form: KEYS,
        secret: true,
        description:
          'Sealing keys, `id:base64(32 bytes)[,…]`: the first seals, all open. Required where `DATABASE_URL` is set; else made once in the data folder.',
      }),
    ),
    MOORAGE_LOCAL_HOST: Type.Union([Type.Literal('auto'), Type.Literal('off')], {
      default: 'auto',
      description:
        '`auto` registers the engine that answers at `DOCKER_HOST` or the default socket as host `local` (with the embedded database only); `off` does not.',
    }),
    MOORAGE_DOCKER_SUBNETS: Type.String({
      default: '10.201.0.0/16',
      pattern: '^[0-9./,]+$',
      description: "IPv4 blocks, comma between them: each app's network on a Docker host takes a /26 of one.",
    }),
    MOORAGE_LOG_LEVEL: Type.Union(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((level) => Type.Literal(level)),
      { default: 'info', description: 'The least level of log lines on stdout (JSON; pretty on a terminal).' },
    ),
    MOORAGE_WORKER_SLOTS: Type.Integer({
      default: 32,
      minimum: 2,
      maximum: 1000,
      description: 'How many operations a worker runs at once.',
    }),
    MOORAGE_OBSERVE_SECONDS: Type.Integer({
      default: 60,
      minimum: 1,
      maximum: 3600,
      description:
        'How often each host is listed, in seconds. What its engine tells of is looked at at once all the same.',
    }),
    MOORAGE_RESYNC_SECONDS: Type.Integer({
      default: 60,
      minimum: 1,
      maximum: 86_400,
      description: 'How often apps are compared with what runs, and put right, in seconds.',
    }),
    MOORAGE_PROGRESS_DEADLINE_SECONDS: Type.Integer({
      default: 600,
      minimum: 5,
      maximum: 86_400,
      description:
        "An operation that finishes no step for so many seconds has failed (a spec's `x-moorage.progressDeadline` comes before it).",
    }),
    MOORAGE_OUTBOUND_ALLOW: Type.Optional(
      Type.String({
        form: 'addresses or blocks of them with commas between, such as 10.1.0.0/16,fd00::1',
        description:
          'Addresses that tenants may have called (by webhooks) beside the public internet: blocks such as `10.1.0.0/16` or single ones, comma between them. These may be called over plain `http:` too. See docs/webhooks.md.',
      }),
    ),
    MOORAGE_EXEC_IDLE_SECONDS: Type.Integer({
      default: 900,
      minimum: 1,
      maximum: 604_800,
      description: 'A command in an instance (exec) to and from which no byte goes for so many seconds is ended.',
    }),
    MOORAGE_EXEC_TOTAL_SECONDS: Type.Integer({
      default: 28_800,
      minimum: 1,
      maximum: 604_800,
      description: 'And one that has lasted so many seconds.',
    }),
    MOORAGE_GRAPHQL_INTROSPECTION: Type.Union([Type.Literal('on'), Type.Literal('off')], {
      default: 'on',
      description: '`off`: GraphQL does not tell its schema (which `openapi/schema.graphql` has all the same).',
    }),
    MOORAGE_GRAPHQL_QUERIES: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'A JSON file of GraphQL documents by the SHA-256 (hex) of their text, which requests may name instead of sending them.',
      }),
    ),
    MOORAGE_GRAPHQL_ONLY_QUERIES: Type.Union([Type.Literal('on'), Type.Literal('off')], {
      default: 'off',
      description: '`on`: GraphQL refuses every document that is not in that file.',
    }),
    MOORAGE_RETENTION_OPERATIONS_DAYS: Type.Integer({
      default: 90,
      minimum: 1,
      maximum: 36_500,
      description: 'How long ended operations and their steps are kept, in days.',
    }),
    MOORAGE_RETENTION_RELEASES: Type.Integer({
      default: 100,
      minimum: 2,
      maximum: 100_000,
      description: 'How many releases of an app are kept (the wanted and the good one always).',
    }),
    MOORAGE_RETENTION_EVENTS_DAYS: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 3650,
      description: 'How long events are kept, in days: as far back a stream can be resumed.',
    }),
    MOORAGE_RETENTION_IDEMPOTENCY_HOURS: Type.Integer({
      default: 24,
      minimum: 24,
      maximum: 8760,
      description: 'How long the answer to an idempotency key is kept, in hours.',
    }),
    MOORAGE_STATS_KEEP: Type.Union([Type.Literal('watched'), Type.Literal('all')], {
      default: 'watched',
      description:
        "Whose last hour of stats workers keep in memory: of apps whose stats somebody looked at within the hour, or of all (12 KB an instance, and an engine's time).",
    }),
  },
  { additionalProperties: false },
)

type Settings = Static<typeof SETTINGS>

export type Role = 'api' | 'worker'

export interface Config {
  /** null: the embedded Postgres. */
  readonly databaseUrl: string | null
  readonly host: string
  readonly port: number
  /** Absolute. */
  readonly dataDir: string
  readonly roles: ReadonlySet<Role>
  readonly adminToken: string | null
  readonly secretKeys: string | null
  readonly localHost: 'auto' | 'off'
  /** What `DOCKER_HOST` says, for the host `local`. */
  readonly dockerHost: string | null
  readonly dockerSubnets: readonly string[]
  readonly logLevel: string
  readonly workerSlots: number
  readonly observeIntervalMs: number
  readonly resyncIntervalMs: number
  readonly progressDeadlineMs: number
  /** Blocks of addresses that tenants may have called beside the public internet. */
  readonly outboundAllow: readonly string[]
  /** Whose stats a worker keeps for an hour. */
  readonly statsKeep: 'watched' | 'all'
  readonly graphql: {
    readonly introspection: boolean
    readonly queriesFile: string | null
    readonly onlyPersisted: boolean
  }
  readonly exec: { readonly idleMs: number; readonly totalMs: number }
  readonly retention: {
    readonly operationsDays: number
    readonly releases: number
    readonly eventsDays: number
    readonly idempotencyHours: number
  }
}

/** A setting that is not valid: the message names each one, what it must be, and never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Variables that Kubernetes injects beside a Service named `moorage` (docker links' form): not settings. */
const SERVICE_LINK =
  /^MOORAGE(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/

function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))
}

/** The variables among an environment's that are meant for us. */
function givenSettings(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '' || isServiceLink(name, value)) continue
    if (/^(DATABASE_URL(_FILE)?$|MOORAGE_)/.test(name)) given[name] = value
  }
  return given
}

/**
 * Puts what stands in a file in the place of its `<name>_FILE`. Gives the path of each such setting, and what is wrong
 * with a file: never what is in it.
 */
function readSecretFiles(given: Record<string, string>): { paths: Map<string, string>; problems: string[] } {
  const paths = new Map<string, string>()
  const problems: string[] = []
  for (const [name, schema] of Object.entries(SETTINGS.properties)) {
    const variable = `${name}_FILE`
    const path = given[variable]
    if (!('secret' in schema) || path === undefined) continue
    delete given[variable]
    if (given[name] !== undefined) {
      problems.push(`${name} and ${variable} are both set: keep one of them`)
      continue
    }
    paths.set(name, path)
    try {
      const text = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '')
      if (text === '') problems.push(`${variable} names ${path}, which is empty`)
      else given[name] = text
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it holds no text'
      // Without the path: somebody may have put the secret itself there.
      problems.push(`${variable} names a file that can not be read (${reason})`)
    }
  }
  return { paths, problems }
}

/** Reads the settings out of an environment, and out of the files that it names. Throws a ConfigError that names every bad one. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = givenSettings(env)
  const { paths, problems } = readSecretFiles(given)
  for (const name of Object.keys(given)) {
    if (!(name in SETTINGS.properties)) problems.push(`${name} is not a setting; docs/settings.md lists all of them`)
  }
  const settings = Value.Convert(SETTINGS, Value.Default(SETTINGS, { ...given })) as Settings
  for (const [name, schema] of Object.entries(SETTINGS.properties)) {
    const value: unknown = Reflect.get(settings, name)
    // The conversion would cut a number's fraction off.
    const cut = Number.isInteger(value) && !/^\d*$/.test(given[name] ?? '')
    const place = paths.has(name) ? ` (in ${paths.get(name)})` : ''
    if (cut || (value !== undefined && !Value.Check(schema, value)))
      problems.push(`${name}${place} must be ${formOf(schema)}`)
  }
  const keyIds = (settings.MOORAGE_SECRET_KEYS ?? '').split(',').map((key) => key.split(':')[0])
  if (new Set(keyIds).size < keyIds.length) problems.push('MOORAGE_SECRET_KEYS must have each id once')
  const dockerSubnets = (settings.MOORAGE_DOCKER_SUBNETS ?? '').split(',')
  if (!dockerSubnets.every((block) => isBlock(block)))
    problems.push('MOORAGE_DOCKER_SUBNETS must be IPv4 blocks of /26 or larger, such as 10.201.0.0/16')
  const outboundAllow = (settings.MOORAGE_OUTBOUND_ALLOW ?? '')
    .split(',')
    .map((block) => block.trim())
    .filter((block) => block !== '')
  if (!outboundAllow.every((block) => isBlockOfAddresses(block)))
    problems.push(`MOORAGE_OUTBOUND_ALLOW must be ${formOf(SETTINGS.properties.MOORAGE_OUTBOUND_ALLOW)}`)
  if (settings.DATABASE_URL && !settings.MOORAGE_SECRET_KEYS && !paths.has('MOORAGE_SECRET_KEYS'))
    problems.push(`MOORAGE_SECRET_KEYS must be set where DATABASE_URL is, to ${KEYS}`)
  if (problems.length > 0) throw new ConfigError(['bad settings:', ...problems].join('\n  '))
  return {
    databaseUrl: settings.DATABASE_URL ?? null,
    host: settings.MOORAGE_HOST,
    port: settings.MOORAGE_PORT,
    dataDir: resolve(settings.MOORAGE_DATA_DIR),
    roles: new Set(settings.MOORAGE_ROLES.split(',') as Role[]),
    adminToken: settings.MOORAGE_ADMIN_TOKEN ?? null,
    secretKeys: settings.MOORAGE_SECRET_KEYS ?? null,
    localHost: settings.MOORAGE_LOCAL_HOST,
    dockerHost: env.DOCKER_HOST || null,
    dockerSubnets,
    logLevel: settings.MOORAGE_LOG_LEVEL as string,
    workerSlots: settings.MOORAGE_WORKER_SLOTS,
    observeIntervalMs: settings.MOORAGE_OBSERVE_SECONDS * 1000,
    resyncIntervalMs: settings.MOORAGE_RESYNC_SECONDS * 1000,
    progressDeadlineMs: settings.MOORAGE_PROGRESS_DEADLINE_SECONDS * 1000,
    outboundAllow,
    graphql: {
      introspection: settings.MOORAGE_GRAPHQL_INTROSPECTION === 'on',
      queriesFile: settings.MOORAGE_GRAPHQL_QUERIES ?? null,
      onlyPersisted: settings.MOORAGE_GRAPHQL_ONLY_QUERIES === 'on',
    },
    exec: {
      idleMs: settings.MOORAGE_EXEC_IDLE_SECONDS * 1000,
      totalMs: settings.MOORAGE_EXEC_TOTAL_SECONDS * 1000,
    },
    retention: {
      operationsDays: settings.MOORAGE_RETENTION_OPERATIONS_DAYS,
      releases: settings.MOORAGE_RETENTION_RELEASES,
      eventsDays: settings.MOORAGE_RETENTION_EVENTS_DAYS,
      idempotencyHours: settings.MOORAGE_RETENTION_IDEMPOTENCY_HOURS,
    },
    statsKeep: settings.MOORAGE_STATS_KEEP,
  }
}

/** What a setting must be, in words. */
function formOf(schema: TSchema): string {
  const { form, minimum, maximum, anyOf }: { form?: string; minimum?: number; maximum?: number; anyOf?: unknown[] } =
    schema
  if (form !== undefined) return form
  if (minimum !== undefined) return `a whole number from ${minimum} to ${maximum}`
  return anyOf ? `one of ${anyOf.map((word) => Reflect.get(Object(word), 'const')).join(', ')}` : 'a text'
}

function isBlock(block: string): boolean {
  const [address = '', bits = ''] = block.split('/')
  return isIPv4(address) && /^\d{1,2}$/.test(bits) && Number(bits) >= 8 && Number(bits) <= 26
}
