import { randomUUID } from 'node:crypto'
import type { SealedColumn } from './sealed.ts'
import type { Tx } from './types.ts'
import type { Sealer } from '../lib/seal.ts'

/** A known text, sealed with the keys of this database: what shows wrong keys where nothing else is sealed yet. */
export const CANARY: SealedColumn = {
  table: 'installation',
  column: 'canary',
  id: ['id'],
  context: ([id = '']) => `installation:${id}`,
  needed: true,
}

/** The id of the installation that this database belongs to; made at the first call, the same ever after. */
export async function ensureInstallation(tx: Tx): Promise<string> {
  // Random in all its digits, not a UUIDv7: the first 8 name objects on engines, and two installations may be made at the same time.
  // Two statements, so that the one that loses the race sees the winner's row.
  await tx.$executeRaw`INSERT INTO installation (id) VALUES (${randomUUID()}::uuid) ON CONFLICT (singleton) DO NOTHING`
  const { id } = await tx.installation.findFirstOrThrow()
  return id
}

/** Seals the canary where there is none: of several processes at once, the first one does. */
export async function ensureCanary(tx: Tx, sealer: Sealer, installation: string): Promise<void> {
  const sealed = sealer.seal('moorage', CANARY.context([installation]))
  await tx.$executeRaw`UPDATE installation SET canary = ${sealed} WHERE canary IS NULL`
}
