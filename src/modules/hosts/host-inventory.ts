import Type from 'typebox'
import type { InventoryKind } from '../../drivers/driver.ts'
import { withDeadline } from '../../lib/abort.ts'
import { closed, decodeCursor, toPage } from '../../web/index.ts'
import type { InventoryItem } from './hosts.schemas.ts'
import { onEngine } from './engine-changes.service.ts'
import { type HostsDeps, requireHost } from './hosts.service.ts'

const INVENTORY_MS = 15_000
const Position = closed({ name: Type.String(), id: Type.String() })

/** One page of what an engine has now, by name. Each page asks the engine anew. */
export async function pageOfInventory(
  { db, hosts }: HostsDeps,
  host: string,
  kind: InventoryKind,
  { limit, cursor }: { limit: number; cursor?: string },
) {
  const after = decodeCursor(Position, cursor)
  const { id } = await requireHost(db.prisma, host)
  const signal = withDeadline(INVENTORY_MS)
  const driver = await onEngine(hosts.connect(id, { signal }))
  const items = await onEngine(driver.inventory(kind, { signal }))
  const rows = items.toSorted(compare).filter((item) => !after || compare(item, after) > 0)
  return toPage(
    rows.slice(0, limit + 1),
    limit,
    (item): InventoryItem => ({ ...item, labels: { ...item.labels } }),
    ({ name, id: itemId }) => ({ name, id: itemId }),
  )
}

function compare(a: { name: string; id: string }, b: { name: string; id: string }): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
