import type { Page } from './pagination.ts'
import { AppError } from '../errors/app-error.ts'
import type { Principal } from './principal.ts'
import { MAX_LIMIT } from './schemas.ts'

/** What every resolver is given beside its arguments. One for each request, and for each event of a subscription. */
export interface GraphQLContext {
  readonly principal: Principal
  readonly requestId: string
  /** Aborts when nobody waits for the answer any more. */
  readonly gone: AbortSignal
}

/** What `make` gives, once for each context: loaders, which may remember what they read for as long as one request takes. */
export function perContext<T>(make: (context: GraphQLContext) => T): (context: GraphQLContext) => T {
  const made = new WeakMap<GraphQLContext, T>()
  return (context) => {
    const before = made.get(context)
    if (before !== undefined) return before
    const value = make(context)
    made.set(context, value)
    return value
  }
}

/** A page as Relay has it. */
export interface Connection<Node> {
  readonly edges: { readonly node: Node; readonly cursor: string }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

export function toConnection<Node>({ items, nextCursor, cursorAt }: Page<Node>): Connection<Node> {
  return {
    edges: items.map((node, at) => ({
      node,
      // Made where it is asked for.
      get cursor() {
        return cursorAt(at)
      },
    })),
    pageInfo: {
      hasNextPage: nextCursor !== null,
      get endCursor() {
        return nextCursor ?? (items.length > 0 ? cursorAt(items.length - 1) : null)
      },
    },
  }
}

/** `first` and `after` as services take them. Throws `bad_request`. */
export function pageInput({ first, after }: { first?: number | null; after?: string | null }): {
  limit: number
  cursor?: string
} {
  const limit = first ?? 50
  if (limit < 1 || limit > MAX_LIMIT) throw badArgument('first', `must be from 1 to ${MAX_LIMIT}`)
  if (after !== undefined && after !== null && (after === '' || after.length > 1024))
    throw badArgument('after', 'is not a cursor of this list; send `endCursor` as it was answered')
  return { limit, ...(after !== undefined && after !== null && { cursor: after }) }
}

/** `bad_request` about an argument; `path` is below the field's arguments. */
export function badArgument(path: string, message: string): AppError {
  return new AppError('bad_request', {
    detail: `${path} ${message}`,
    errors: [{ path: `/arguments/${path}`, message }],
  })
}
