import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { FastifyInstance, FastifyPluginAsync, LightMyRequestResponse } from 'fastify'
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { type Database, openDatabase } from '../../src/db/index.ts'
import { createDriver } from '../../src/drivers/index.ts'
import { graphqlPlugin } from '../../src/graphql/index.ts'
import { buildServer } from '../../src/http/index.ts'
import { newId } from '../../src/lib/ids.ts'
import { createSealer, type Sealer } from '../../src/lib/seal.ts'
import type { ExecLimits } from '../../src/modules/exec/index.ts'
import { createHostAccess, type CreateDriver, type HostAccess } from '../../src/modules/hosts/index.ts'
import { ensureAdminToken, newTokenText } from '../../src/modules/tokens/index.ts'
import { createOutbound } from '../../src/outbound/index.ts'
import type { LiveTiming } from '../../src/web/index.ts'
import { labDatabase, quiet, type Teardown } from './database.ts'

export interface ApiRequest {
  /** Default: the admin's. null: none. */
  readonly token?: string | null
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface ApiResponse {
  readonly status: number
  readonly headers: LightMyRequestResponse['headers']
  // oxlint-disable-next-line typescript/no-explicit-any -- what a stock client gets: whatever the server says
  readonly body: any
  readonly text: string
}

export interface ApiHarness {
  readonly app: FastifyInstance
  readonly db: Database
  readonly sealer: Sealer
  readonly hosts: HostAccess
  readonly installation: string
  readonly adminToken: string
  /** Asks the server; the answer must match the OpenAPI document (its status, content type and schema), or this throws. */
  request(method: string, path: string, options?: ApiRequest): Promise<ApiResponse>
  /** A tenant with a token of each role. */
  tenant(name: string): Promise<{ name: string; owner: string; developer: string; viewer: string }>
}

export interface ApiOptions {
  readonly createDriver?: CreateDriver
  /** Addresses that tenants may have called beside the public internet. */
  readonly outboundAllow?: readonly string[]
  readonly routes?: readonly FastifyPluginAsync[]
  readonly graphql?: Parameters<typeof graphqlPlugin>[1]
  readonly liveTiming?: LiveTiming
  /** For how long a history of stats is given again. Default 0. */
  readonly historyKeptMs?: number
  readonly exec?: ExecLimits
}

/** A server on a database of the test's own, without listening: requests are injected. Ends with the test. */
export async function apiHarness(t: Teardown, options: ApiOptions = {}): Promise<ApiHarness> {
  const { url } = await labDatabase(t)
  const opened = await openDatabase({ url, log: quiet })
  let closing: Promise<void> | undefined
  // A test may close it itself, to see what a server says without one.
  const db: Database = { ...opened, close: async () => await (closing ??= opened.close()) }
  const sealer = createSealer(`test:${randomBytes(32).toString('base64')}`)
  const installation = newId()
  const hosts = createHostAccess({ db, sealer, installation, createDriver: options.createDriver ?? createDriver })
  const adminToken = newTokenText()
  const silent = pino({ level: 'silent' })
  await ensureAdminToken(db, adminToken)
  const app = await buildServer({
    db,
    sealer,
    hosts,
    outbound: createOutbound({ allow: options.outboundAllow ?? [] }),
    installation,
    log: silent,
    checks: {},
    historyKeptMs: options.historyKeptMs ?? 0,
    ...(options.exec && { exec: options.exec }),
    ...(options.liveTiming && { liveTiming: options.liveTiming }),
    routes: (live) => [
      graphqlPlugin({ ...live, db, sealer, hosts, installation, log: silent }, options.graphql),
      ...(options.routes ?? []),
    ],
  })
  t.teardown(async () => {
    await app.close()
    await hosts.close()
    await db.close()
  })
  const check = responseChecker(app.swagger())

  const request: ApiHarness['request'] = async (method, path, { token = adminToken, body, headers = {} } = {}) => {
    const response = await app.inject({
      method: method as 'GET',
      url: path,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = response.body
    const parsed: unknown = /json/.test(String(response.headers['content-type'])) ? JSON.parse(text) : text
    check(method, path, response.statusCode, response.headers, parsed)
    return { status: response.statusCode, headers: response.headers, body: parsed, text }
  }

  return {
    app,
    db,
    sealer,
    hosts,
    installation,
    adminToken,
    request,
    async tenant(name) {
      const made = await request('POST', '/v1/tenants', { body: { name } })
      if (made.status !== 201) throw new Error(`no tenant ${name}: ${made.text}`)
      const [owner = '', developer = '', viewer = ''] = await Promise.all(
        ['owner', 'developer', 'viewer'].map(async (role) => {
          const { body } = await request('POST', `/v1/tenants/${name}/tokens`, { body: { name: role, role } })
          return String(body.token)
        }),
      )
      return { name, owner, developer, viewer }
    },
  }
}

/** As the document of @fastify/swagger has them, as far as this needs it. */
interface Document {
  readonly paths?: Readonly<Record<string, unknown>>
  readonly components?: { readonly schemas?: unknown }
}
interface ResponseOf {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>
}

/** Throws where an answer isn't what the OpenAPI document says of its route, status, headers and content type. */
export function responseChecker(document: Document) {
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  // Its schemas point into the document's components: so it is their root.
  ajv.addSchema({ $id: 'document', ...JSON.parse(JSON.stringify(document)) })
  const routes = Object.keys(document.paths ?? {}).map((path) => {
    const pattern = path.split('/').map((part) => (part.startsWith('{') ? '[^/]+' : part.replaceAll('.', '\\.')))
    return { path, pattern: new RegExp(`^${pattern.join('/')}$`) }
  })

  return (
    method: string,
    url: string,
    status: number,
    headers: LightMyRequestResponse['headers'],
    body: unknown,
  ): void => {
    const contentType = String(headers['content-type'] ?? '')
    const asked = url.split('?', 1)[0] ?? ''
    const place = `${method} ${asked} → ${status} ${contentType}`
    const media = contentType.split(';', 1)[0] ?? ''
    const route = routes.find(({ pattern }) => pattern.test(asked))
    const operation = route && member(member(document.paths, route.path), method.toLowerCase())
    if (!route || !operation) {
      // No such route or method: a problem all the same.
      if (media !== 'application/problem+json') throw new Error(`${place}: not a problem document`)
      return validate('#/components/schemas/Problem', body, place)
    }
    const response = member(member(operation, 'responses'), String(status)) as ResponseOf | undefined
    if (!response) throw new Error(`${place}: the document has no such status; the answer is ${JSON.stringify(body)}`)
    for (const [name, { required }] of Object.entries(response.headers ?? {}))
      if (required && typeof headers[name.toLowerCase()] !== 'string') throw new Error(`${place}: there is no ${name}`)
    if (!response.content) {
      if (body !== '') throw new Error(`${place}: the document says that there is no body`)
      return
    }
    if (!response.content[media]) throw new Error(`${place}: the document has no such content type`)
    const pointer = ['paths', route.path, method.toLowerCase(), 'responses', String(status), 'content', media, 'schema']
    validate(
      `#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`,
      body,
      place,
    )
  }

  function validate(pointer: string, body: unknown, place: string): void {
    const check = ajv.getSchema(`document${pointer}`)
    if (!check) throw new Error(`${place}: no schema at ${pointer}`)
    if (check(body) !== true)
      throw new Error(`${place}: ${ajv.errorsText(check.errors)}; the answer is ${JSON.stringify(body)}`)
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined
}
