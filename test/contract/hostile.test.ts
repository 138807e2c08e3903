import fc from 'fast-check'
import t from 'tap'
import { apiHarness } from '../lab/api.ts'

/** How many requests a route gets; `FUZZ_RUNS` for more. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 12)

interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema?: Schema
}
interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}
interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content?: { readonly 'application/json'?: { readonly schema?: Schema } } }
}

const HOSTILE_TEXTS = [
  '',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  '%00',
  "'; DROP TABLE tenants; --",
  '${jndi:x}',
  '__proto__',
  'constructor',
  'a'.repeat(5000),
  '🦭'.repeat(50),
  '-1',
  '1e999',
  'null',
  '00000000-0000-7000-8000-000000000000',
  'acme',
  'other',
  '2026-13-45T99:99:99Z',
  '\r\nX: y',
  '{{7*7}}',
  '\u202e',
]
const HOSTILE_NUMBERS = [0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324]

const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }))
const anything = fc.oneof(
  text,
  fc.constantFrom(...HOSTILE_NUMBERS),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(deep(80), [], {}),
  fc.jsonValue({ maxDepth: 4 }),
)

/** Values that nearly fit a schema: right in most places, so that they get behind the validation. */
function near(schema: Schema | undefined): fc.Arbitrary<unknown> {
  if (!schema) return anything
  return fc.oneof({ weight: 4, arbitrary: fitting(schema) }, { weight: 1, arbitrary: anything })
}

function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(near))
  const [type] = [schema.type].flat()
  if (type === 'object')
    return fc.record(
      Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, near(property)])),
      { requiredKeys: [] },
    )
  if (type === 'array') return fc.array(near(schema.items), { maxLength: 3 })
  if (type === 'boolean') return fc.boolean()
  if (type === 'integer' || type === 'number')
    return fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(...HOSTILE_NUMBERS))
  return fc.oneof(fc.constantFrom('web', 'acme', 'shop', 'services: { web: { image: busybox } }'), text)
}

function deep(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level += 1) value = level % 2 ? [value] : { a: value }
  return value
}

t.test('no input makes any route answer 5xx, leave its document or tell what is inside', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  await api.tenant('other')
  // What is there can be hit, and a tenant that has an app outlives its own deletion.
  const applied = await api.request('PUT', '/v1/tenants/acme/apps/shop', {
    body: { compose: 'services: { web: { image: busybox } }' },
  })
  t.equal(applied.status, 202)
  const document = api.app.swagger() as { paths: Record<string, Record<string, Operation>> }
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const parameters = operation.parameters ?? []
      const of = (place: string) =>
        fc.record(
          Object.fromEntries(
            parameters.filter((parameter) => parameter.in === place).map(({ name, schema }) => [name, near(schema)]),
          ),
          place === 'path' ? {} : { requiredKeys: [] },
        )
      const bodySchema = operation.requestBody?.content?.['application/json']?.schema
      const request = fc.record({
        params: of('path'),
        query: of('query'),
        headers: of('header'),
        body: bodySchema ? near(bodySchema) : fc.constant(undefined),
        token: fc.constantFrom(api.adminToken, acme.owner, acme.viewer),
      })
      await fc.assert(
        fc.asyncProperty(request, async ({ params, query, headers, body, token }) => {
          const url = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encode(params[name]) || 'x')
          const pairs = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`)
          // A wait is no attack, and a socket or an address of this machine none of this test's business.
          const asked = `${url}?${pairs.filter((pair) => !pair.startsWith('wait=')).join('&')}`
          if (path.startsWith('/v1/hosts') && JSON.stringify(body ?? '').includes('endpoint') && method === 'post')
            return
          const lines = Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [
              name,
              String(value).replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?'),
            ]),
          )
          // The harness compares each answer with the document.
          const { status, text: answer } = await api.request(method.toUpperCase(), asked, {
            token,
            headers: lines,
            body,
          })
          if (status >= 500) throw new Error(`${method} ${asked} → ${status} ${answer}`)
          if (/node_modules|\.ts:\d+|at async|prisma|SELECT |violates/i.test(answer) && path !== '/openapi.json')
            throw new Error(`${method} ${asked} tells: ${answer}`)
        }),
        { numRuns: RUNS },
      )
    }
  }
  t.equal((await api.request('GET', '/healthz')).status, 200)
  t.equal((await api.request('GET', '/v1/tenants/acme')).status, 200)
})

function encode(value: unknown): string {
  const raw = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return encodeURIComponent(raw.toWellFormed())
}
