import type { LogOrigin } from './log-source.ts'
import type { Tx } from '../../db/types.ts'

/** An app, and whether the wanted release has this service. */
export async function findLogApp(tx: Tx, tenantId: string, name: string, service: string | null) {
  const rows = await tx.$queryRaw<{ id: string; hasService: boolean }[]>`
    SELECT a.id, EXISTS (SELECT FROM releases r WHERE r.app_id = a.id AND r.number = a.wanted_release
      AND jsonb_exists(r.spec->'services', ${service ?? ''})) AS "hasService"
    FROM apps a WHERE a.tenant_id = ${tenantId}::uuid AND a.name = ${name}`
  return rows[0] ?? null
}

/** The instances of an app, of one service or one instance (by its id or its name) where it is given. null: the app is gone. */
export async function findOrigins(
  tx: Tx,
  appId: string,
  { service, instance }: { readonly service?: string | undefined; readonly instance?: string | undefined },
): Promise<LogOrigin[] | null> {
  const rows = await tx.$queryRaw<(Omit<LogOrigin, 'id'> & { id: string | null })[]>`
    SELECT i.id, i.native_id AS "nativeId", i.host_id AS "hostId", i.name, i.service, i.state, i.started_at AS "startedAt",
      i.created_at AS "createdAt"
    FROM apps a LEFT JOIN instances i ON i.app_id = a.id
      AND (${service ?? null}::text IS NULL OR i.service = ${service ?? null}::text)
      AND (${instance ?? null}::text IS NULL OR i.id::text = lower(${instance ?? null}::text) OR i.name = ${instance ?? null}::text)
    WHERE a.id = ${appId}::uuid ORDER BY i.service, i.ordinal, i.id`
  return rows.length === 0 ? null : rows.flatMap(({ id, ...rest }) => (id === null ? [] : { id, ...rest }))
}
