import type { CallOptions } from '../driver.ts'
import { LABELS } from '../labels.ts'
import type { ClusterClient, Query } from './client.ts'
import type { LiveList } from './live.ts'
import { refused } from './refusal.ts'

const PAGE = 500
/** How often a list is begun anew whose next page the API server does not have any more, before it is asked for as one. */
const BEGINNINGS = 3

/** What carries the labels of an installation, or of one app of it, as a label selector. */
export function selectorOf(installation: string, appId?: string): string {
  const app = appId === undefined ? '' : `,${LABELS.appId}=${appId}`
  return `${LABELS.installation}=${installation}${app}`
}

/** What `take` makes of each item of a collection, asked for in pages (of `query.limit`, 500 by default); what it makes `null` of is left out. */
export async function listAll<Item, Taken>(
  client: ClusterClient,
  call: CallOptions,
  { path, query }: { readonly path: string; readonly query: Query },
  take: (item: Item) => Taken | null,
): Promise<Taken[]> {
  for (let beginning = 1; ; beginning++) {
    const limit = beginning > BEGINNINGS ? undefined : (query.limit ?? PAGE)
    try {
      const taken: Taken[] = []
      let next: string | undefined
      do {
        const list = await client.request<LiveList<Item>>(call, {
          method: 'GET',
          path,
          query: { ...query, limit, continue: next },
        })
        for (const item of list.items ?? []) {
          const made = take(item)
          if (made !== null) taken.push(made)
        }
        next = list.metadata?.continue || undefined
      } while (next !== undefined)
      return taken
    } catch (error) {
      if (!refused(error, 410) || beginning > BEGINNINGS) throw error
    }
  }
}
