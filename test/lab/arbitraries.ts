import fc from 'fast-check'

/** The part of JSON Schema that the OpenAPI document uses for requests. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
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
export function near(schema: Schema | undefined): fc.Arbitrary<unknown> {
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
