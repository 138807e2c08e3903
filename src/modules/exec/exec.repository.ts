import type { Tx } from '../../db/types.ts'

export interface ExecTarget {
  readonly id: string
  readonly nativeId: string
  readonly state: string
  readonly service: string
  readonly app: string
  readonly host: { readonly id: string; readonly name: string }
}

/** An instance of a tenant; null where there is none, or it is another's. */
export async function findTarget(tx: Tx, tenantId: string, id: string): Promise<ExecTarget | null> {
  const row = await tx.instance.findFirst({
    where: { id, app: { tenantId } },
    select: {
      id: true,
      nativeId: true,
      state: true,
      service: true,
      app: { select: { name: true } },
      host: { select: { id: true, name: true } },
    },
  })
  return row && { ...row, app: row.app.name }
}
