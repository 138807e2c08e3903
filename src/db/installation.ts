import { newId } from '../lib/ids.ts'
import type { Tx } from './types.ts'

/** The id of the installation that this database belongs to; made at the first call, the same ever after. */
export async function ensureInstallation(tx: Tx): Promise<string> {
  // Two statements, so that the one that loses the race sees the winner's row.
  await tx.$executeRaw`INSERT INTO installation (id) VALUES (${newId()}::uuid) ON CONFLICT (singleton) DO NOTHING`
  const { id } = await tx.installation.findFirstOrThrow()
  return id
}
