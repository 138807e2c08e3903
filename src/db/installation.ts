import { randomUUID } from 'node:crypto'
import type { Tx } from './types.ts'

/** The id of the installation that this database belongs to; made at the first call, the same ever after. */
export async function ensureInstallation(tx: Tx): Promise<string> {
  // Random in all its digits, not a UUIDv7: the first 8 name objects on engines, and two installations may be made at the same time.
  // Two statements, so that the one that loses the race sees the winner's row.
  await tx.$executeRaw`INSERT INTO installation (id) VALUES (${randomUUID()}::uuid) ON CONFLICT (singleton) DO NOTHING`
  const { id } = await tx.installation.findFirstOrThrow()
  return id
}
