import DataLoader from 'dataloader'
import type { Tx } from '../../db/types.ts'
import type { EventFeeds } from '../../events/index.ts'
import { abortable } from '../../lib/abort.ts'
import { type AppRow, findApps, listApps } from './apps.repository.ts'
import type { Workload } from './apps.schemas.ts'
import { appJson, requireApp } from './apps.service.ts'
import type { Sights } from './sights.ts'
import { workloadsOfApps } from './views.service.ts'

/** What may change a workload. Steps do so by what the observers see of them. */
const TYPES = [
  'app.*',
  'instance.*',
  'operation.queued',
  'operation.started',
  'operation.reverting',
  'operation.succeeded',
  'operation.failed',
  'operation.cancelled',
  'operation.rolled_back',
]
const PAGE = 50
/** What is asked for within this time is one read, for everybody who asks. */
const GATHER_MS = 20

/** A workload with the text by which it is compared. */
interface Shown {
  readonly workload: Workload
  readonly text: string
}

interface AppKey {
  readonly tenantId: string
  readonly name: string
}

export type WorkloadReads = (key: AppKey) => Promise<readonly Shown[]>

/** Reads the workloads of apps by name, those that are asked for at about the same time together. None of an app that is gone. */
export function createWorkloadReads(sights: Sights): WorkloadReads {
  const textOf = ({ tenantId, name }: AppKey) => `${tenantId} ${name}`
  const loader = new DataLoader<AppKey, readonly Shown[]>(
    async (keys) => {
      const apps = await findApps(sights.tx, [...new Map(keys.map((key) => [textOf(key), key])).values()])
      const shown = await shownOf(sights, apps)
      const found = new Map(apps.map((app, at) => [textOf(app), shown[at] ?? []]))
      return keys.map((key) => found.get(textOf(key)) ?? [])
    },
    { cache: false, maxBatchSize: PAGE, batchScheduleFn: (read) => setTimeout(read, GATHER_MS) },
  )
  return async (key) => await loader.load(key)
}

async function shownOf(sights: Sights, apps: readonly AppRow[]): Promise<Shown[][]> {
  const workloads = await workloadsOfApps(sights, apps.map(appJson))
  return workloads.map((ofApp) => ofApp.map((workload) => ({ workload, text: JSON.stringify(workload) })))
}

export interface FollowWorkloads {
  readonly tenantId: string
  /** Its name; left out: all of the tenant's. */
  readonly app?: string
  readonly signal: AbortSignal
}

/**
 * All workloads, then each that has changed, as it is when it is asked for: what changes faster than it is read is told once. One that
 * is gone comes a last time, empty. Rejects with `not_found` for an app that there is not.
 */
export async function followWorkloads(
  { sights, feeds, reads }: { readonly sights: Sights; readonly feeds: EventFeeds; readonly reads: WorkloadReads },
  { tenantId, app, signal }: FollowWorkloads,
): Promise<AsyncIterable<Workload>> {
  if (app !== undefined) await requireApp(sights.tx, tenantId, app)
  const feed = await feeds.follow({ tenantId }, { signal, filter: { types: TYPES, ...(app !== undefined && { app }) } })
  const known = new Map<string, ReadonlyMap<string, Shown>>()
  const changes = (name: string, now: readonly Shown[]): Workload[] => {
    const before = known.get(name) ?? new Map<string, Shown>()
    const after = new Map(now.map((shown) => [shown.workload.id, shown]))
    if (after.size > 0) known.set(name, after)
    else known.delete(name)
    return [
      ...now.filter(({ workload, text }) => before.get(workload.id)?.text !== text).map(({ workload }) => workload),
      ...[...before.values()].filter(({ workload }) => !after.has(workload.id)).map(({ workload }) => gone(workload)),
    ]
  }
  return {
    async *[Symbol.asyncIterator]() {
      const dirty = new DirtyNames()
      const over = new AbortController()
      const reading = dirty.gather(feed, AbortSignal.any([signal, over.signal]))
      try {
        if (app !== undefined) yield* changes(app, await reads({ tenantId, name: app }))
        else
          for await (const page of appPages(sights.tx, tenantId)) {
            const shown = await shownOf(sights, page)
            for (const [at, { name }] of page.entries()) yield* changes(name, shown[at] ?? [])
          }
        for (;;) {
          const names = await dirty.take(signal)
          if (!names) return
          const read = await Promise.all(names.map(async (name) => changes(name, await reads({ tenantId, name }))))
          yield* read.flat()
        }
      } finally {
        over.abort()
        await reading
      }
    },
  }
}

function gone(workload: Workload): Workload {
  return { ...workload, desired: 0, ready: 0, status: 'missing', drift: [], instances: [] }
}

async function* appPages(tx: Tx, tenantId: string): AsyncGenerator<AppRow[]> {
  for (let name: string | undefined; ;) {
    const page = (await listApps(tx, [{ tenantId, ...(name !== undefined && { name }) }], PAGE)).get(tenantId) ?? []
    if (page.length > 0) yield page
    name = page.at(-1)?.name
    if (page.length < PAGE) return
  }
}

/** Names of apps that have changed since they were last taken: as many as there are apps, however many events. */
class DirtyNames {
  readonly #names = new Set<string>()
  #more = Promise.withResolvers<void>()
  #isOver = false

  /** Ends with the feed. */
  async gather(feed: Awaited<ReturnType<EventFeeds['follow']>>, signal: AbortSignal): Promise<void> {
    const events = feed[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await abortable(events.next(), signal)
        if (next.done) return
        const app = next.value.kind === 'event' ? next.value.event.app : null
        if (app === null) continue
        this.#names.add(app)
        this.#more.resolve()
      }
    } catch {
      // Left.
    } finally {
      this.#isOver = true
      this.#more.resolve()
      events.return?.().catch(() => {})
    }
  }

  /** null once it is over. */
  async take(signal: AbortSignal): Promise<string[] | null> {
    await abortable(this.#more.promise, signal).catch(() => {})
    if (signal.aborted || this.#isOver) return null
    this.#more = Promise.withResolvers()
    const names = [...this.#names]
    this.#names.clear()
    return names
  }
}
