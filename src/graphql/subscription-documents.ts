import { type DocumentNode, type GraphQLError, getOperationAST, parse, specifiedRules, validate } from 'graphql'
import { AppError } from '../errors/app-error.ts'
import { badText } from '../web/index.ts'
import { type Engine, textsAreStorable } from './engine.ts'
import { LIMITS } from './limits.ts'

/** So many documents are kept parsed and checked: clients of one kind send the same. */
const KEPT = 128
const MOST_ERRORS = 10
const MOST_DEPTH = 64

export interface SubscriptionDocument {
  readonly query: string
  readonly operationName: string | null
  readonly variables: Readonly<Record<string, unknown>>
}

/** Parses and checks the documents of subscriptions. Throws a GraphQLError, an AppError, or a list of GraphQLErrors. */
export function createDocuments(engine: Engine): (request: SubscriptionDocument) => DocumentNode {
  const known = new Map<string, DocumentNode>()
  const read = (query: string): DocumentNode => {
    if (query.length > LIMITS.characters)
      throw new AppError('bad_request', {
        detail: `the document has ${query.length} characters, and ${LIMITS.characters} is the most`,
      })
    const document = parse(query, { maxTokens: LIMITS.tokens })
    const errors = validate(engine.schema, document, [...specifiedRules, textsAreStorable], { maxErrors: MOST_ERRORS })
    if (errors.length > 0) throw new DocumentErrors(errors)
    return document
  }
  return ({ query, operationName, variables }) => {
    const document = known.get(query) ?? read(query)
    known.delete(query)
    known.set(query, document)
    for (const oldest of known.keys()) if (known.size > KEPT) known.delete(oldest)
    requireStorable(variables, 0)
    engine.check(document, operationName, variables)
    if (getOperationAST(document, operationName)?.operation !== 'subscription')
      throw new AppError('bad_request', { detail: 'only subscriptions come over a WebSocket: send this one by POST' })
    return document
  }
}

/** What is wrong with a document, all of it. */
export class DocumentErrors extends Error {
  readonly errors: readonly GraphQLError[]

  constructor(errors: readonly GraphQLError[]) {
    super('the document is not valid')
    this.errors = errors
  }
}

function requireStorable(value: unknown, depth: number): void {
  const problem = typeof value === 'string' ? badText(value) : depth > MOST_DEPTH ? 'is nested too deep' : null
  if (problem !== null) throw new AppError('bad_request', { detail: `a variable ${problem}` })
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    requireStorable(key, depth + 1)
    requireStorable(member, depth + 1)
  }
}
