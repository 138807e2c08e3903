import type { Database } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import type { EventFeeds } from '../../events/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { summaryJson } from './operation-json.ts'
import { findOperation } from './operations.repository.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

interface FollowDeps {
  readonly db: Database
  readonly feeds: EventFeeds
}

export function operationsSubscriptions(deps: FollowDeps): Resolvers {
  return {
    Subscription: {
      operation: {
        async subscribe(_root, { id }, { principal, gone }) {
          return await followOperation(deps, { id, tenantId: principal.tenant?.id, signal: gone })
        },
      },
    },
  }
}

/** An operation as it is, and again after each of its events, until it has ended. Rejects with `not_found`. */
async function followOperation(
  { db, feeds }: FollowDeps,
  { id, tenantId, signal }: { id: string; tenantId: string | undefined; signal: AbortSignal },
) {
  const found = UUID.test(id) ? await findOperation(db.prisma, id, tenantId) : null
  if (!found) throw new AppError('not_found', { detail: `there is no operation ${id}` })
  const scope = found.tenantId === null ? 'all' : { tenantId: found.tenantId }
  const feed = await feeds.follow(scope, { signal, filter: { operation: found.id } })
  const read = async () => {
    const row = await findOperation(db.prisma, id, tenantId)
    return row && summaryJson(row)
  }
  return (async function* () {
    // After the feed has its place: what happens from here on comes.
    let operation = await read()
    if (operation) yield { operation }
    if (operation?.finishedAt !== null) return
    for await (const _event of feed) {
      operation = await read()
      if (operation) yield { operation }
      if (operation?.finishedAt !== null) return
    }
  })()
}
