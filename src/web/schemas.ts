import { STATUS_CODES } from 'node:http'
import Type, { type Static, type TSchema } from 'typebox'
import { ERROR_CODES, type ErrorCode } from '../errors/codes.ts'

/**
 * Schemas that routes share. A *named* schema becomes a component of the OpenAPI document; routes point at it
 * with `ref`. Every object refuses unknown keys (`closed`), but for the problem document.
 */
export function named<T extends TSchema>(name: string, schema: T): T {
  return Object.defineProperty(schema, '$id', { value: name, enumerable: true, configurable: true })
}

/** A pointer at a named schema, with its type. The schema must be among those that the server knows (`addSchema`). */
export function ref<T extends TSchema>(schema: T) {
  if (!('$id' in schema) || typeof schema.$id !== 'string') throw new TypeError('ref() takes a named schema')
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` })
}

/** An object that refuses unknown keys. */
export function closed<P extends Record<string, TSchema>>(properties: P, options: { description?: string } = {}) {
  return Type.Object(properties, { ...options, additionalProperties: false })
}

/** The schema or null. */
export function nullable<T extends TSchema>(schema: T) {
  if ('type' in schema && typeof schema.type === 'string' && !('enum' in schema)) {
    return Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, 'null'] })
  }
  return Type.Unsafe<Static<T> | null>({ anyOf: [schema, { type: 'null' }] })
}

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(words: Words, options: { description?: string } = {}) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], ...options })
}

export const NAME_PATTERN = '^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$'
export const Name = Type.String({
  pattern: NAME_PATTERN,
  description: 'At most 40 of a-z, 0-9 and -; a letter first, no - at the end.',
})
// The format alone would let `urn:uuid:` pass, which a uuid column refuses.
export const Uuid = Type.String({
  format: 'uuid',
  pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
  description: 'A UUID.',
})
export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' })
export const Version = Type.Integer({
  minimum: 1,
  description: 'Grows with each change; send it as `If-Match: "<version>"`.',
})

const LABEL_KEY = '^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$'
/** Labels of apps and hosts: at most 64, keys of at most 63 characters, values of at most 255. */
export const Labels = Type.Record(Type.String({ pattern: LABEL_KEY }), Type.String({ maxLength: 255 }), {
  maxProperties: 64,
  additionalProperties: false,
})

export const Problem = named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ description: '`/problems/<code>`.' }),
      title: Type.String(),
      status: Type.Integer(),
      detail: Type.String(),
      instance: Type.String({ description: 'The request id.' }),
      code: Type.Unsafe<ErrorCode>({ type: 'string', enum: Object.keys(ERROR_CODES) }),
      errors: Type.Optional(
        Type.Array(
          Type.Object({
            path: Type.String({ description: 'JSON Pointer: /body/…, /query/…, /params/… or /headers/….' }),
            message: Type.String(),
          }),
        ),
      ),
    },
    { additionalProperties: true, description: 'RFC 9457. Some codes carry more members, such as `plan`.' },
  ),
)

/** What every route may answer beside its own errors. */
const EVERYWHERE = [400, 500, 503] as const

/**
 * Problem responses by status, to spread into a route's `response`: those named, and those that every route may
 * answer (400, 500, 503). Of no keys for the type checker: handlers throw, the error handler answers.
 */
export function problemResponses(...statuses: number[]): Record<never, never> {
  return Object.fromEntries(
    [...new Set<number>([...EVERYWHERE, ...statuses])].map((status) => [
      status,
      { description: descriptionOf(status), content: { 'application/problem+json': { schema: ref(Problem) } } },
    ]),
  )
}

function descriptionOf(status: number): string {
  return `${STATUS_CODES[status] ?? status}; \`code\` says which.`
}

/** A list answer. */
export function page<T extends TSchema>(item: T) {
  return closed({ items: Type.Array(item), nextCursor: nullable(Type.String()) })
}

export const MAX_LIMIT = 200
/** To spread into a list route's query. `limit` defaults to 50. */
export const pageQuery = {
  limit: Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: 50 }),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1024, description: '`nextCursor` of the page before.' }),
  ),
}
export const PageQuery = closed(pageQuery)

/** To spread into a query: hold the answer until the operation ended, or so many seconds passed. */
export const waitQuery = {
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 60,
      description: 'Hold the answer until the operation ended, for at most so many seconds.',
    }),
  ),
}

const idempotencyKey = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^[\\x21-\\x7e]+$',
    description: 'Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h.',
  }),
)
const ifMatch = Type.Optional(
  Type.String({
    pattern: '^(\\*|"[\\x21\\x23-\\x7e]{0,64}")$',
    description: 'The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on.',
  }),
)
/** Headers of a mutating route. */
export const IdempotencyHeaders = Type.Object({ 'idempotency-key': idempotencyKey })
/** Headers of a mutating route on something that has a version. */
export const ChangeHeaders = Type.Object({ 'idempotency-key': idempotencyKey, 'if-match': ifMatch })

/** A body that may be left out. */
export function optionalBody<T extends TSchema>(schema: T) {
  return nullable(schema)
}

const PlanStep = closed({
  id: Type.String(),
  action: Type.String(),
  host: Type.String(),
  service: nullable(Type.String()),
  ordinal: nullable(Type.Integer()),
  target: Type.String({ description: 'The name of the object.' }),
  cause: Type.String({ description: 'Why this step is there.' }),
  after: Type.Array(Type.String(), { description: 'Ids of the steps that must have finished before.' }),
})

const Capability = closed({ path: Type.String(), level: Type.String(), message: Type.String() })

export const PlanView = named(
  'Plan',
  closed({
    digest: Type.String({ description: 'Equal plans have equal digests: send it as `expectPlan`.' }),
    steps: Type.Array(PlanStep),
    notes: Type.Array(Type.String(), { description: 'What the plan can not avoid.' }),
    capabilities: Type.Array(Capability, { description: 'What the engine honours in another way.' }),
    text: Type.String({ description: 'The plan as lines for people.' }),
  }),
)
export type PlanView = Static<typeof PlanView>

/** The answer to `dryRun: true`; nothing was stored. */
export const PlanAnswer = named(
  'PlanAnswer',
  closed({ dryRun: Type.Literal(true), plan: ref(PlanView), planDigest: Type.String() }),
)
export type PlanAnswer = Static<typeof PlanAnswer>

/** Named schemas of this file: the server adds them at its root. */
export const webSchemas: readonly TSchema[] = [Problem, PlanView, PlanAnswer]

/** `expectPlan` in a body: the real request fails with `plan_changed` when the plan is another. */
export const ExpectPlan = Type.Optional(
  Type.String({
    pattern: '^[0-9a-f]{64}$',
    description: '`planDigest` of a dry run; 409 `plan_changed` when the plan is another by now.',
  }),
)
export const DryRun = Type.Optional(Type.Boolean({ description: 'Answer the plan; store nothing.' }))
