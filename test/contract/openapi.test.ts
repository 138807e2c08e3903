import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { openapiDocument } from '../../src/http/index.ts'

interface Operation {
  readonly operationId?: string
  readonly tags?: readonly string[]
  readonly security?: readonly object[]
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

const document = (await openapiDocument()) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    place: `${method.toUpperCase()} ${path}`,
    method,
    path,
    operation,
  })),
)

t.test('it is OpenAPI 3.1, made without a database, the same each time', async (t) => {
  t.equal(document.openapi, '3.1.0')
  t.same(await openapiDocument(), document)
  t.ok(operations.length > 30)
})

t.test('every route has an operationId of its own and a tag', async (t) => {
  const ids = operations.map(({ operation }) => operation.operationId)
  t.same(
    ids.filter((id, at) => id === undefined || ids.indexOf(id) !== at),
    [],
  )
  for (const { place, operation } of operations) t.equal(operation.tags?.length, 1, place)
})

/** A WebSocket's route: what follows has no content type. */
const SWITCHES = '101'

t.test('every status of every route has a schema, errors the problem document’s', async (t) => {
  for (const { place, operation } of operations) {
    t.ok(
      Object.keys(operation.responses).some((status) => status.startsWith('2') || status === SWITCHES),
      `${place} succeeds`,
    )
    for (const status of ['400', '500', '503']) t.ok(operation.responses[status], `${place} may answer ${status}`)
    for (const [status, { content = {} }] of Object.entries(operation.responses)) {
      if (status === '204' || status === SWITCHES) continue
      t.ok(Object.keys(content).length > 0, `${place} ${status} has a content type`)
      for (const { schema } of Object.values(content)) t.ok(schema, `${place} ${status} has a schema`)
      if (Number(status) >= 400)
        t.same(
          content['application/problem+json']?.schema,
          { $ref: '#/components/schemas/Problem' },
          `${place} ${status}`,
        )
    }
  }
})

t.test('every route below /v1 needs a token and says so', async (t) => {
  for (const { place, path, operation } of operations) {
    const open = operation.security?.some((way) => Object.keys(way).length === 0) ?? operation.security?.length === 0
    t.equal(open || operation.security?.length === 0, !path.startsWith('/v1/'), place)
    if (path.startsWith('/v1/')) t.ok(operation.responses['401'], `${place} may answer 401`)
  }
})

t.test('every change takes an idempotency key, and may answer 422', async (t) => {
  for (const { place, method, operation } of operations) {
    if (method === 'get') continue
    t.ok(
      operation.parameters?.some(({ name }) => name === 'idempotency-key'),
      place,
    )
    t.ok(operation.responses['422'], `${place} may answer 422`)
  }
})

t.test('every list takes limit and cursor', async (t) => {
  const lists = operations.filter(({ operation }) =>
    JSON.stringify(operation.responses['200'] ?? {}).includes('"nextCursor"'),
  )
  t.ok(lists.length > 10)
  for (const { place, operation } of lists) {
    for (const name of ['limit', 'cursor'])
      t.ok(
        operation.parameters?.some((parameter) => parameter.name === name),
        `${place} ${name}`,
      )
  }
})

t.test('every schema compiles, and its references lead somewhere', async (t) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'document', ...document })
  for (const name of Object.keys(document.components.schemas))
    t.ok(ajv.getSchema(`document#/components/schemas/${name}`), name)
  const references = new Set(
    [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = '']) => reference),
  )
  for (const reference of references) t.ok(ajv.getSchema(`document${reference}`), reference)
})
