import { newId } from '../../src/lib/ids.ts'
import { CHANNELS, notify } from '../../src/db/index.ts'
import { markGood, revertWanted } from '../../src/modules/apps/index.ts'
import type { ApiHarness, ApiRequest, ApiResponse } from '../lab/api.ts'

/** A small app: `web` with a variable, and `db` with a volume. */
export function composeOf({ tag = '1', replicas = 2, secret = 'hunter2' } = {}): string {
  return `
services:
  web:
    image: registry.example.com/shop/web:${tag}
    environment: { PASSWORD: ${secret} }
    deploy: { replicas: ${replicas} }
  db:
    image: registry.example.com/shop/db:1
    volumes: ["data:/var/lib/data"]
volumes: { data: {} }
`
}

/** Requests of one tenant's app, with its developer's token. */
export function appClient(api: ApiHarness, tenant: { name: string; developer: string }, app = 'shop') {
  const path = `/v1/tenants/${tenant.name}/apps/${app}`
  const as = (options: ApiRequest = {}): ApiRequest => ({ token: tenant.developer, ...options })
  return {
    path,
    get: async (below = ''): Promise<ApiResponse> => await api.request('GET', `${path}${below}`, as()),
    apply: async (body: object, options: ApiRequest & { query?: string } = {}): Promise<ApiResponse> =>
      await api.request('PUT', `${path}${options.query ?? ''}`, as({ body, ...options })),
    post: async (below: string, body?: object, options: ApiRequest = {}): Promise<ApiResponse> =>
      await api.request('POST', `${path}${below}`, as({ body, ...options })),
    patch: async (body: object, options: ApiRequest = {}): Promise<ApiResponse> =>
      await api.request('PATCH', path, as({ body, ...options })),
    remove: async (query = '', options: ApiRequest = {}): Promise<ApiResponse> =>
      await api.request('DELETE', `${path}${query}`, as(options)),
    operation: async (id: string, query = ''): Promise<ApiResponse> =>
      await api.request('GET', `/v1/tenants/${tenant.name}/operations/${id}${query}`, as()),
    cancel: async (id: string): Promise<ApiResponse> =>
      await api.request('POST', `/v1/tenants/${tenant.name}/operations/${id}/cancel`, as()),
  }
}

/** Plays the runner: takes a queued operation. */
export async function start(api: ApiHarness, id: string): Promise<void> {
  await api.db.prisma.$executeRaw`
    UPDATE operations SET status = 'running', started_at = now(), progress_at = now(), attempts = 1,
      lease_owner = ${newId()}::uuid, lease_until = now() + interval '10 s' WHERE id = ${id}::uuid`
}

/** Plays the runner: ends an operation and tells those who wait. */
export async function end(api: ApiHarness, id: string, status: string, error: object | null = null): Promise<void> {
  await api.db.transaction(async (tx) => {
    await tx.$executeRaw`
      UPDATE operations SET status = ${status}, finished_at = now(), started_at = coalesce(started_at, now()),
        lease_owner = null, lease_until = null, error = ${error && JSON.stringify(error)}::jsonb WHERE id = ${id}::uuid`
    await notify(tx, CHANNELS.operation, id)
  })
}

/** Plays the runner: takes an operation and ends it with success. */
export async function succeed(api: ApiHarness, id: string): Promise<void> {
  await start(api, id)
  await api.db.transaction(async (tx) => {
    await markGood(tx, await tx.operation.findUniqueOrThrow({ where: { id } }))
  })
  await end(api, id, 'succeeded')
}

/** Plays the runner: takes an operation, which fails, and the app goes back. */
export async function rollBack(api: ApiHarness, id: string): Promise<void> {
  await start(api, id)
  await api.db.transaction(async (tx) => {
    await revertWanted(tx, await tx.operation.findUniqueOrThrow({ where: { id } }))
  })
  await end(api, id, 'rolled_back', { code: 'health_timeout', message: 'it did not become healthy' })
}

/** A host that is ready, as a row alone: nothing asks its engine. */
export async function addHost(api: ApiHarness, name: string, kind = 'docker'): Promise<string> {
  const id = newId()
  await api.db.prisma.host.create({
    data: { id, name, kind, endpoint: new Uint8Array(), transport: { type: 'tcp' }, status: 'ready' },
  })
  return id
}
