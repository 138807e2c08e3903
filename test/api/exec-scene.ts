import type { Test } from 'tap'
import { newId } from '../../src/lib/ids.ts'
import { type ApiHarness, apiHarness, type ApiOptions } from '../lab/api.ts'
import type { LabEngine } from '../lab/engines.ts'
import { ExecClient, type ExecClientOptions } from '../lab/exec-client.ts'
import { IMAGES } from '../lab/images.ts'

export interface ExecScene {
  readonly api: ApiHarness
  readonly acme: { readonly name: string; readonly owner: string; readonly developer: string; readonly viewer: string }
  readonly other: { readonly name: string; readonly owner: string; readonly developer: string; readonly viewer: string }
  /** Of acme's app `shop`. */
  instance(state?: string): Promise<{ readonly id: string; readonly nativeId: string }>
  path(id: string, command: readonly string[], query?: Readonly<Record<string, string>>): string
  /** As acme's developer, where nothing else is said. */
  exec(path: string, options?: Partial<ExecClientOptions>): ExecClient
  /** The events of a session, oldest first. */
  events(): Promise<{ readonly type: string; readonly actor: string | null; readonly data: Record<string, unknown> }[]>
}

/** A server that listens, with a real engine as its host, and containers of two tenants' making that nothing but the engine drives. */
export async function execScene(t: Test, engine: LabEngine, options: ApiOptions = {}): Promise<ExecScene> {
  const api = await apiHarness(t, options)
  const [acme, other] = [await api.tenant('acme'), await api.tenant('other')]
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 })
  const name = `h-${newId().slice(-12)}`
  // Of the scene before: installations of one minute have markers of one name.
  const markers = (await engine.docker(['volume', 'ls', '-q']))
    .split('\n')
    .filter((volume) => volume.endsWith('-marker'))
  if (markers.length > 0) await engine.docker(['volume', 'rm', ...markers])
  const made = await api.request('POST', '/v1/hosts', {
    body: { name, kind: 'docker', endpoint: { socketPath: engine.socketPath } },
  })
  if (made.status !== 201) throw new Error(made.text)
  const { id: hostId } = await api.db.prisma.host.findFirstOrThrow({ where: { name } })
  const { id: tenantId } = await api.db.prisma.tenant.findFirstOrThrow({ where: { name: 'acme' } })
  const appId = newId()
  await api.db.prisma.app.create({ data: { id: appId, tenantId, name: 'shop', hostId } })
  const clients = new Set<ExecClient>()
  t.teardown(() => {
    for (const { socket } of clients) socket.terminate()
  })

  return {
    api,
    acme,
    other,
    async instance(state = 'running') {
      const labels = {
        ...{ installation: api.installation, 'tenant-id': tenantId, 'app-id': appId },
        ...{ service: 'web', ordinal: '1', 'service-digest': 'd'.repeat(64) },
      }
      const flags = Object.entries(labels).flatMap(([key, value]) => ['--label', `moorage.io/${key}=${value}`])
      const nativeId = (await engine.docker(['run', '-d', ...flags, IMAGES.web1])).trim()
      const id = newId()
      await api.db.prisma.instance.create({
        data: {
          ...{ id, nativeId, hostId, appId, name: `web-${id}`, service: 'web', ordinal: 1, serviceDigest: 'd' },
          ...{ state, serving: true, image: IMAGES.web1, observedAt: new Date() },
        },
      })
      return { id, nativeId }
    },
    path(id, command, query = {}) {
      const asked = new URLSearchParams(query)
      for (const part of command) asked.append('command', part)
      return `/v1/tenants/acme/instances/${id}/exec?${asked}`
    },
    exec(path, given = {}) {
      const client = new ExecClient(`${url}${path}`, { token: acme.developer, ...given })
      clients.add(client)
      return client
    },
    async events() {
      const rows = await api.db.prisma.event.findMany({
        where: { type: { startsWith: 'exec.' } },
        orderBy: { id: 'asc' },
      })
      return rows.map(({ type, actor, data }) => ({ type, actor, data: data as Record<string, unknown> }))
    },
  }
}
