import { Ajv, type Options } from 'ajv'
import formats from 'ajv-formats'
import type { FastifySchemaCompiler } from 'fastify'

const OPTIONS: Options = {
  removeAdditional: false,
  useDefaults: false,
  allErrors: false,
  strict: true,
  strictRequired: false,
  strictTypes: false,
}

/**
 * The validators of requests: nothing is dropped or invented in a body; query, params and headers are text,
 * so there (alone) a text is read as the number or boolean that its schema asks for, and defaults are filled in.
 */
export function buildValidator(externalSchemas: unknown): FastifySchemaCompiler<object> {
  const strictly = makeAjv(OPTIONS, externalSchemas)
  const fromText = makeAjv({ ...OPTIONS, coerceTypes: true, useDefaults: true }, externalSchemas)
  return ({ schema, httpPart }) => (httpPart === 'body' ? strictly : fromText).compile(schema)
}

function makeAjv(options: Options, externalSchemas: unknown): Ajv {
  const ajv = new Ajv(options)
  formats.default(ajv)
  for (const schema of Object.values(externalSchemas ?? {})) ajv.addSchema(schema)
  return ajv
}
