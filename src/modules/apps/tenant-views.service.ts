import Type from 'typebox'
import { closed, decodeCursor, type Page, toPage } from '../../web/index.ts'
import { type AppsFrom, listApps } from './apps.repository.ts'
import type { App, Instance, Workload } from './apps.schemas.ts'
import { appJson, type PageInput } from './apps.service.ts'
import type { Sights } from './sights.ts'
import { instancesOfApps, workloadsOfApps } from './views.service.ts'

/** An app's name, and how many of its items came before. */
const Position = closed({
  app: Type.String({ maxLength: 40 }),
  offset: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
})
/** So many apps at least are looked at in one go. */
const LEAST_APPS = 20

/** The workloads of all apps of each tenant, by app, service and host: the same page of each, in their order. */
export async function pagesOfTenantWorkloads(
  sights: Sights,
  tenantIds: readonly string[],
  input: PageInput,
): Promise<Page<Workload>[]> {
  return await pagesOver(sights, tenantIds, input, workloadsOfApps)
}

/** The instances of all apps of each tenant, by app, service and ordinal. */
export async function pagesOfTenantInstances(
  sights: Sights,
  tenantIds: readonly string[],
  input: PageInput,
): Promise<Page<Instance>[]> {
  return await pagesOver(sights, tenantIds, input, instancesOfApps)
}

interface Placed<Item> {
  readonly item: Item
  readonly position: { readonly app: string; readonly offset: number }
}

/** Goes through the tenants' apps side by side until each has its page: as a rule that is one look at all of them together. */
async function pagesOver<Item>(
  sights: Sights,
  tenantIds: readonly string[],
  { limit, cursor }: PageInput,
  itemsOf: (sights: Sights, apps: readonly App[]) => Promise<Item[][]>,
): Promise<Page<Item>[]> {
  const begin = decodeCursor(Position, cursor)
  const found = new Map(tenantIds.map((id): [string, Placed<Item>[]] => [id, []]))
  const take = Math.max(limit + 1, LEAST_APPS)
  let open: AppsFrom[] = tenantIds.map((tenantId) => ({ tenantId, name: begin?.app, inclusive: true }))
  while (open.length > 0) {
    const rows = await listApps(sights.tx, open, take)
    const apps = [...rows.values()].flat()
    const items = await itemsOf(sights, apps.map(appJson))
    for (const [at, { tenantId, name }] of apps.entries()) {
      const skipped = name === begin?.app ? begin.offset : 0
      const placed = (items[at] ?? []).map((item, index) => ({ item, position: { app: name, offset: index + 1 } }))
      found.get(tenantId)?.push(...placed.slice(skipped))
    }
    open = open.flatMap(({ tenantId }) => {
      const seen = rows.get(tenantId) ?? []
      const isDone = seen.length < take || (found.get(tenantId)?.length ?? 0) > limit
      return isDone ? [] : [{ tenantId, name: seen.at(-1)?.name }]
    })
  }
  return tenantIds.map((id) =>
    toPage(
      found.get(id) ?? [],
      limit,
      ({ item }) => item,
      ({ position }) => position,
    ),
  )
}
