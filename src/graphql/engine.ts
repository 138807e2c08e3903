import fastify from 'fastify'
import {
  type ASTVisitor,
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  type ValidationContext,
} from 'graphql'
import mercurius from 'mercurius'
import { AppError } from '../errors/app-error.ts'
import { createOperationWaits } from '../modules/operations/index.ts'
import { badText, type GraphQLContext } from '../web/index.ts'
import { errorOf, type ErrorLog, type ShownError, shownErrors } from './errors.ts'
import { LIMITS, requireWithin } from './limits.ts'
import { allResolvers, type EngineDeps } from './resolvers.ts'
import { executableSchema } from './schema.ts'

/** So many documents are kept parsed and checked. */
const KEPT_DOCUMENTS = 128
const MOST_ERRORS = 10

export interface EngineOptions {
  readonly log: ErrorLog
  readonly introspection: boolean
}

export interface GraphQLRequest {
  readonly query: string
  readonly operationName: string | null
  readonly variables: Readonly<Record<string, unknown>>
  /** Refuse what is not a query. */
  readonly onlyQueries: boolean
}

export interface GraphQLAnswer {
  /** 200 where it was carried out, whatever became of its fields; else why it was not. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: { readonly data?: unknown; readonly errors?: readonly ShownError[] }
}

/** Carries out documents. What it needs takes 30 MB and a third of a second to load: nobody imports it before the first request. */
export interface Engine {
  readonly schema: GraphQLSchema
  /** Never throws: what goes wrong is in the answer. */
  run(request: GraphQLRequest, context: GraphQLContext): Promise<GraphQLAnswer>
  /** Throws `bad_request` for a document that `run` would refuse for what it says or costs. For subscriptions too. */
  check(document: DocumentNode, operationName: string | null, variables: Readonly<Record<string, unknown>>): void
  close(): Promise<void>
}

interface RunContext extends GraphQLContext {
  readonly operationName: string | null
  readonly onlyQueries: boolean
}

export async function createEngine(deps: EngineDeps, { log, introspection }: EngineOptions): Promise<Engine> {
  const waits = createOperationWaits(deps.db)
  const schema = executableSchema(allResolvers({ ...deps, waits }))
  // Mercurius is a plugin: a server that never listens holds it.
  const app = fastify()
  await app.register(mercurius, {
    schema,
    routes: false,
    // Compiled at a document's second time: a third off the cost of a large answer (docs/performance.md).
    jit: 1,
    cache: KEPT_DOCUMENTS,
    validationRules: [textsAreStorable, ...(introspection ? [] : [NoSchemaIntrospectionCustomRule])],
    graphql: { parseOptions: { maxTokens: LIMITS.tokens }, validateOptions: { maxErrors: MOST_ERRORS } },
    // They are shown below, where the request is known.
    errorFormatter: ({ data, errors }) => ({ statusCode: 200, response: { data, errors: [...(errors ?? [])] } }),
  })
  await app.ready()

  const check: Engine['check'] = (document, operationName, variables) => {
    const operation = getOperationAST(document, operationName)
    if (!operation)
      throw new AppError('bad_request', {
        detail:
          operationName === null
            ? 'the document has several operations: say which with `operationName`'
            : `the document has no operation "${operationName}"`,
      })
    requireWithin(LIMITS, schema, document, operation, variables)
  }
  app.graphql.addHook('preExecution', async (_schema, document, context, variables) => {
    const { operationName, onlyQueries } = context as unknown as RunContext
    check(document, operationName, variables ?? {})
    const operation = getOperationAST(document, operationName)
    const kind = operation?.operation
    if (kind === 'subscription')
      throw new AppError('bad_request', {
        detail: 'subscriptions come over a WebSocket (graphql-transport-ws) at this path',
      })
    if (kind === 'mutation' && onlyQueries)
      throw new AppError('method_not_allowed', { detail: 'send mutations by POST', headers: { allow: 'POST' } })
    // A document that comes from here is not compiled.
    return operation && isCompilable(operation, variables ?? {}) ? undefined : { document }
  })

  return {
    schema,
    check,
    async run({ query, operationName, variables, onlyQueries }, context) {
      const shown = (errors: readonly unknown[]) => shownErrors(errors, { requestId: context.requestId, log })
      try {
        requireDocument(query)
        const runContext: RunContext = { ...context, operationName, onlyQueries }
        const { data, errors } = await app.graphql(
          sourceOf(query, operationName),
          runContext as unknown as Record<string, unknown>,
          withoutPrototype(variables),
          operationName ?? undefined,
        )
        if (data === undefined && errors) return refusal(errors, shown)
        return {
          status: 200,
          headers: {},
          body: { ...(errors && errors.length > 0 && { errors: shown(errors) }), data },
        }
      } catch (error) {
        return refusal(errorsOf(error), shown)
      }
    },
    async close() {
      await waits.close()
      await app.close()
    },
  }
}

/**
 * What is compiled is kept by the text, and is one operation: each of a document's operations has a text of its own, by a comment behind
 * it.
 */
function sourceOf(query: string, operationName: string | null): string {
  return operationName === null ? query : `${query}\n# ${JSON.stringify(operationName)}`
}

/**
 * false where compiled code would not do what the interpreter does: in an object of a mutation it takes each variable for null and
 * `__proto__` for the object's prototype; and a variable that has a default and no value is missing, or null where nothing may be.
 */
function isCompilable(
  { operation, variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  return (
    operation === 'query' &&
    variableDefinitions.every(
      ({ variable: { name }, defaultValue }) => !defaultValue || (variables[name.value] ?? null) !== null,
    )
  )
}

/** What is compiled would take a variable `constructor` that was not sent for an object's own. */
function withoutPrototype(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.assign(Object.create(null) as Record<string, unknown>, variables)
}

/** Before it is parsed: a document that is JSON would be taken for one that is parsed already. */
function requireDocument(query: string): void {
  const { characters } = LIMITS
  if (query.length > characters)
    throw new AppError('bad_request', {
      detail: `the query has ${query.length} characters, and ${characters} is the most`,
    })
  try {
    JSON.parse(query)
  } catch {
    return
  }
  throw new AppError('bad_request', { detail: 'the query is not a GraphQL document' })
}

function refusal(errors: readonly unknown[], shown: (errors: readonly unknown[]) => ShownError[]): GraphQLAnswer {
  const { status, options } = errorOf(errors[0])
  return { status, headers: { ...options.headers }, body: { errors: shown(errors) } }
}

/** Mercurius throws one error that holds what was wrong with the document. */
function errorsOf(error: unknown): readonly unknown[] {
  const inside = error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  return inside.length > 0 ? inside : [error]
}

/** What Postgres can't store can't be in a document either: its variables were looked at with the request. */
export function textsAreStorable(context: ValidationContext): ASTVisitor {
  return {
    StringValue(node) {
      const message = badText(node.value)
      if (message !== null) context.reportError(new GraphQLError(`a text of the document ${message}`, { nodes: node }))
    },
  }
}
