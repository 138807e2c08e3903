import pg from 'pg'
import { pino } from 'pino'
import { openDatabase } from '../src/db/index.ts'
import { createDriver } from '../src/drivers/index.ts'
import { buildServer } from '../src/http/index.ts'
import { newId } from '../src/lib/ids.ts'
import { createSealer } from '../src/lib/seal.ts'
import { createHostAccess } from '../src/modules/hosts/index.ts'
import { createOutbound } from '../src/outbound/index.ts'
import { BENCH_KEYS, COMPOSE, type FleetTenant } from './fleet.ts'

export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** Numbers of the recorded app that stand for nothing else in its statements. */
export const MARKS = { lastRelease: 4000, version: 7000 }

/**
 * What the server sends to the database for one `PUT` of a changed spec: the server's own code, with a client of `pg` that takes notes.
 * The app is one at rest for the first request; of the second, which supersedes the operation of the first, the statements are kept.
 */
export async function recordAccept(url: string, tenant: FleetTenant, app: string): Promise<Statement[]> {
  const sealer = createSealer(BENCH_KEYS)
  const log = pino({ level: 'silent' })
  const db = await openDatabase({ url, log })
  const installation = newId()
  const hosts = createHostAccess({ db, sealer, installation, createDriver })
  const outbound = createOutbound({ allow: [] })
  const server = await buildServer({ db, sealer, log, installation, hosts, outbound, checks: {} })
  const statements: Statement[] = []
  const { query } = pg.Client.prototype
  const put = async (): Promise<void> => {
    const { statusCode, body } = await server.inject({
      method: 'PUT',
      url: `/v1/tenants/${tenant.name}/apps/${app}`,
      headers: { authorization: `Bearer ${tenant.token}`, 'idempotency-key': newId() },
      payload: { compose: COMPOSE.replace('{n}', newId()) },
    })
    if (statusCode !== 202) throw new Error(`the recorded request ended with ${statusCode}: ${body}`)
  }
  try {
    await put()
    await db.prisma.$executeRaw`
      UPDATE apps SET last_release = ${MARKS.lastRelease}, wanted_version = ${MARKS.version}
      WHERE name = ${app} AND tenant_id = ${tenant.id}::uuid`
    pg.Client.prototype.query = function (this: pg.Client, config: unknown, ...rest: unknown[]) {
      statements.push(...(typeof config === 'string' ? plain(config) : [statementOf(config)]))
      return Reflect.apply(query, this, [config, ...rest])
    } as typeof query
    await put()
  } finally {
    pg.Client.prototype.query = query
    await server.close()
    await hosts.close()
    await db.close()
  }
  return statements
}

/** A text without parameters; the call that goes out with a COMMIT as two statements, its argument as a value. */
function plain(text: string): Statement[] {
  const [, name, escaped, literal = ''] = /^SELECT (\w+)\( ?(E?)'(.*)'::jsonb\); COMMIT$/s.exec(text) ?? []
  if (name === undefined) return [{ text, values: [] }]
  const unquoted = literal.replaceAll("''", "'")
  const argument = escaped === 'E' ? unquoted.replaceAll('\\\\', '\\') : unquoted
  return [
    { text: `SELECT ${name}($1::jsonb)`, values: [argument] },
    { text: 'COMMIT', values: [] },
  ]
}

function statementOf(config: unknown): Statement {
  const { text, values = [] } = config as { text: string; values?: unknown[] }
  return { text, values }
}

export interface PgbenchScripts {
  readonly scripts: readonly string[]
  readonly variables: Readonly<Record<string, string>>
}

/**
 * The recorded statements as pgbench scripts, one a tenant: each for a random app of it, with what one statement answered given to the
 * next as the server does, and all else as it was recorded. Throws where a value that must vary is not among them: then the server's
 * statements have changed, and this must follow.
 */
export function toPgbench(
  statements: readonly Statement[],
  {
    tenants,
    recorded,
    app,
    tokens,
  }: {
    tenants: readonly FleetTenant[]
    recorded: FleetTenant
    app: { readonly id: string; readonly name: string; readonly superseded: string; readonly operation: string }
    /** By tenant id: of its token, the row's id and hash. */
    tokens: ReadonlyMap<string, { readonly id: string; readonly hash: string }>
  },
): PgbenchScripts {
  const variables: Record<string, string> = {}
  const used = new Set<string>()
  const own = tokens.get(recorded.id)
  const varying = new Map<unknown, string>([
    [recorded.id, ':{tenant}'],
    [own?.hash, ':{hash}'],
    [own?.id, ':{token}'],
    [app.id, ':id'],
    [app.name, `('app-' || lpad(:nth::text, 5, '0'))`],
    [app.operation, 'uuidv7()'],
    [MARKS.lastRelease + 1, ':release'],
    [MARKS.version + 1, ':version'],
  ])
  // Of all ids the only one that no row has.
  varying.set(
    statements.flatMap(({ values }) => values).find((value) => isUuid(value) && !varying.has(value)),
    ':key',
  )
  const expression = (value: unknown): string => {
    const dynamic = varying.get(value)
    if (dynamic !== undefined) {
      used.add(dynamic)
      return dynamic
    }
    if (Array.isArray(value) && value[0] === app.superseded) {
      used.add('superseded')
      return `(SELECT array_agg(e ->> 'id') FROM json_array_elements(:active::json) e)`
    }
    const text = value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
    if (text.startsWith('{"release":')) {
      used.add('patch')
      return `jsonb_set(${constant(text)}::jsonb, '{release}', to_jsonb(:release::int))`
    }
    if (text.startsWith('[{"tenantId":')) {
      used.add('events')
      // Of its own tenant: the events of one take their turns.
      const own = `replace(${constant(text)}::text, '${recorded.id}', :{tenant}::text)`
      return `replace(${own}, '"${app.name}"', '"' || ('app-' || lpad(:nth::text, 5, '0')) || '"')`
    }
    return value === null ? 'NULL' : constant(text)
  }
  const constant = (text: string): string => {
    const name = Object.keys(variables).find((one) => variables[one] === text) ?? `c${Object.keys(variables).length}`
    variables[name] = text
    return `:${name}`
  }
  const body = statements.map(({ text, values }) => {
    const sql = text.trim().replaceAll(/\$(\d+)/g, (_, at) => expression(values[Number(at) - 1]))
    if (/ AS active\b/.test(sql)) return `${sql}\n\\gset\n\\set release :lastRelease + 1`
    return sql.endsWith('RETURNING wanted_version AS version') ? `${sql}\n\\gset` : `${sql};`
  })
  const unused = [...varying.values(), 'superseded', 'patch', 'events'].filter((one) => !used.has(one))
  if (unused.length > 0) throw new Error(`the server's statements have no ${unused.join(', ')}`)
  const scripts = tenants.map(({ id, apps }, at) => {
    const token = tokens.get(id)
    Object.assign(variables, { [`tenant${at}`]: id, [`token${at}`]: token?.id, [`hash${at}`]: token?.hash })
    return [
      `\\set nth random(0, ${apps.length - 1})`,
      '\\set key random(1, 9000000000000000000)',
      ...body.map((sql) => sql.replaceAll(/:\{(\w+)\}/g, (_, name) => `:${name}${at}`)),
      '',
    ].join('\n')
  })
  return { scripts, variables }
}

function isUuid(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(value)
}
