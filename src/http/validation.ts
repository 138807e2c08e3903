import { Ajv, type AnySchema, type Options, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

const OPTIONS: Options = {
  removeAdditional: false,
  useDefaults: false,
  allErrors: false,
  // Errors know their schema: its description is what a person can use of a pattern.
  verbose: true,
  strict: true,
  // Ours are made by TypeBox: to hold them against the schema of schemas, that would have to be compiled at each start.
  meta: false,
  validateSchema: false,
  strictRequired: false,
  strictTypes: false,
}

/**
 * The validators of requests: nothing is dropped or invented in a body; query, params and headers are text,
 * so there (alone) a text is read as the number or boolean that its schema asks for, and defaults are filled in.
 * Each is compiled at its first use: all of them together are most of what a start would wait for.
 */
export function buildValidator(externalSchemas: Readonly<Record<string, AnySchema | AnySchema[]>>) {
  const strictly = makeAjv(OPTIONS, externalSchemas)
  const fromText = makeAjv({ ...OPTIONS, coerceTypes: true, useDefaults: true }, externalSchemas)
  // Fastify's type says a schema; what it passes is `{ schema, method, url, httpPart }`.
  return (route: AnySchema) => {
    if (typeof route !== 'object' || !('schema' in route) || !isSchema(route.schema))
      throw new TypeError('a route part has no schema')
    const ajv = 'httpPart' in route && route.httpPart === 'body' ? strictly : fromText
    const { schema } = route
    let validate: ValidateFunction | undefined
    const validateLate = (data: unknown): true | { error: ValidateFunction['errors'] } => {
      validate ??= ajv.compile(schema)
      return validate(data) ? true : { error: validate.errors }
    }
    // Fastify's type wants one of Ajv's own; it calls it, and takes the errors out of either.
    return validateLate as unknown as ValidateFunction
  }
}

function makeAjv(options: Options, externalSchemas: Readonly<Record<string, AnySchema | AnySchema[]>>): Ajv {
  const ajv = new Ajv(options)
  formats.default(ajv)
  for (const schema of Object.values(externalSchemas)) ajv.addSchema(schema)
  return ajv
}

function isSchema(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
