import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Test } from 'tap'
import { newId } from '../../src/lib/ids.ts'
import { type ApiHarness, apiHarness, type ApiOptions } from '../lab/api.ts'
import type { LabEngine } from '../lab/engines.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'

export interface LogClient {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** What has come so far, and whether that is all. */
  readonly text: string
  readonly over: boolean
  readonly lines: readonly string[]
  /** Goes away. */
  leave(): void
}

export interface LogScene {
  readonly api: ApiHarness
  readonly acme: { readonly name: string; readonly owner: string; readonly developer: string; readonly viewer: string }
  readonly other: { readonly name: string; readonly viewer: string }
  /** A container of acme's app `shop` that runs this script; its row says that it runs. */
  start(script: string, options?: { flags?: readonly string[]; service?: string; name?: string }): Promise<Started>
  /** As acme's viewer, where nothing else is said. */
  open(query?: string, options?: { accept?: string; token?: string; lastEventId?: string }): Promise<LogClient>
  /** The whole answer of one that is not followed. */
  read(query?: string, accept?: string): Promise<string>
  /** Sockets of this process to the engine that are in use for a followed log. */
  engineStreams(): number
}

export interface Started {
  readonly id: string
  readonly nativeId: string
  readonly name: string
}

/** A server that listens, a real engine as its host, and containers that nothing but the engine drives. */
export async function logScene(t: Test, engine: LabEngine, options: ApiOptions = {}): Promise<LogScene> {
  const api = await apiHarness(t, options)
  const [acme, other] = [await api.tenant('acme'), await api.tenant('other')]
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 })
  // Installations of one minute name their markers alike, and this engine has one after the other.
  const markers = (await engine.docker(['volume', 'ls', '-q'])).split('\n').filter((name) => name.endsWith('-marker'))
  if (markers.length > 0) await engine.docker(['volume', 'rm', ...markers])
  const host = `h-${newId().slice(-12)}`
  const made = await api.request('POST', '/v1/hosts', {
    body: { name: host, kind: 'docker', endpoint: { socketPath: engine.socketPath } },
  })
  if (made.status !== 201) throw new Error(made.text)
  const { id: hostId } = await api.db.prisma.host.findFirstOrThrow({ where: { name: host } })
  const { id: tenantId } = await api.db.prisma.tenant.findFirstOrThrow({ where: { name: 'acme' } })
  const appId = newId()
  await api.db.prisma.app.create({ data: { id: appId, tenantId, name: 'shop', hostId } })
  const clients = new Set<LogClient>()
  t.teardown(() => {
    for (const client of clients) client.leave()
  })
  const before = pipes()
  let nth = 0

  const open: LogScene['open'] = async (
    query = '',
    { accept = 'text/plain', token = acme.viewer, lastEventId } = {},
  ) => {
    const headers = {
      ...{ authorization: `Bearer ${token}`, accept },
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    }
    const request = get(`${url}/v1/tenants/acme/apps/shop/logs${query}`, { headers, agent: false })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    let over = false
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('error', () => (over = true))
    answer.on('end', () => (over = true))
    request.on('error', () => (over = true))
    const client: LogClient = {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      get text() {
        return Buffer.concat(chunks).toString()
      },
      get over() {
        return over
      },
      get lines() {
        return this.text.split('\n').filter((line) => line !== '')
      },
      leave: () => void request.destroy(),
    }
    clients.add(client)
    return client
  }

  return {
    api,
    acme,
    other,
    open,
    async read(query = '', accept = 'text/plain') {
      const client = await open(query, { accept })
      await eventually('the answer ends', () => client.over)
      return client.text
    },
    async start(script, { flags = [], service = 'web', name = `${service}-${++nth}` } = {}) {
      const labels = ['--label', `moorage.io/installation=${api.installation}`]
      const command = ['/bin/sh', '-c', script]
      const nativeId = (await engine.docker(['run', '-d', ...labels, ...flags, IMAGES.once, ...command])).trim()
      const id = newId()
      await api.db.prisma.instance.create({
        data: {
          ...{ id, nativeId, hostId, appId, name, service, ordinal: nth, serviceDigest: 'd', state: 'running' },
          ...{
            serving: true,
            image: IMAGES.once,
            observedAt: new Date(),
            createdAt: new Date(),
            startedAt: new Date(),
          },
        },
      })
      return { id, nativeId, name }
    },
    engineStreams: () => pipes() - before,
  }
}

/** Unix sockets of this process that it waits for, standard output and the like among them; one that an agent keeps is not. */
function pipes(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'PipeWrap').length
}
