import { STATUS_CODES } from 'node:http'

interface Document {
  paths?: object
  components?: { schemas?: object }
}
interface Operation {
  parameters?: { required?: boolean; schema?: object }[]
  requestBody?: { required?: boolean; content?: Record<string, { schema?: { type?: unknown } }> }
  responses?: Record<string, Response>
}
interface Response {
  description?: string
  headers?: Record<string, object>
  content?: Record<string, { schema?: object }>
}

const LOCATION = 'Where what was made is, or the operation that makes it.'
const ETAG = 'Its version, quoted: send it as `If-Match`.'

/**
 * The document with what follows from its own shape, so that no route says it again: a parameter with a default and a
 * body that may be null may be left out, what answers 201 or 202 has a `Location`, and what has a version has an `ETag`. The tests of the API hold every answer against it.
 */
export function complete<D extends Document>(document: D): D {
  const versioned = new Set(
    Object.entries(document.components?.schemas ?? {})
      .filter(([, schema]) => 'version' in ((schema as { properties?: object }).properties ?? {}))
      .map(([name]) => `#/components/schemas/${name}`),
  )
  for (const operation of operationsOf(document)) {
    for (const parameter of operation.parameters ?? [])
      if (parameter.schema && 'default' in parameter.schema) parameter.required = false
    const body = operation.requestBody
    const types = body?.content?.['application/json']?.schema?.type
    if (body && Array.isArray(types) && types.includes('null')) body.required = false
    for (const [status, response] of Object.entries(operation.responses ?? {})) {
      if (response.description === 'Default Response') response.description = STATUS_CODES[status] ?? status
      const named = namesIn(response.content?.['application/json']?.schema)
      const headers = {
        ...(['201', '202'].includes(status) ? { Location: header(LOCATION, true) } : {}),
        ...(named.some((name) => versioned.has(name)) ? { ETag: header(ETAG, named.length === 1) } : {}),
      }
      if (Object.keys(headers).length > 0) response.headers = { ...response.headers, ...headers }
    }
  }
  return document
}

function operationsOf({ paths = {} }: Document): Operation[] {
  return Object.values(paths).flatMap((methods: object) => Object.values(methods) as Operation[])
}

/** The component that a schema points at, or those that it may be one of. */
function namesIn(schema: { $ref?: string; anyOf?: { $ref?: string }[] } | undefined): string[] {
  return [schema, ...(schema?.anyOf ?? [])].flatMap((one) => one?.$ref ?? [])
}

function header(description: string, required: boolean): object {
  return { description, required, schema: { type: 'string' } }
}
