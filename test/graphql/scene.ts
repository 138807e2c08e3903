import type { ApiHarness } from '../lab/api.ts'
import { newId } from '../../src/lib/ids.ts'
import { addHost, appClient, composeOf, succeed } from '../api/scene.ts'

/** An app of a tenant, deployed and at rest on `hostId`: two instances of `web`, one of `db`. */
export async function runningApp(
  api: ApiHarness,
  tenant: { name: string; developer: string },
  name: string,
  hostId: string,
): Promise<string> {
  const { apply } = appClient(api, tenant, name)
  const { body } = await apply({ compose: composeOf() })
  await succeed(api, body.operation.id)
  const app = await api.db.prisma.app.findFirstOrThrow({ where: { name, tenant: { name: tenant.name } } })
  await api.db.prisma.app.update({ where: { id: app.id }, data: { hostId } })
  const release = await api.db.prisma.release.findFirstOrThrow({ where: { appId: app.id, number: 1 } })
  const digests = release.serviceDigests as Record<string, string>
  const instance = (service: string, ordinal: number) => ({
    ...{ id: newId(), nativeId: newId(), hostId, appId: app.id, name: `mrg-${name}-${service}-${ordinal}`, service },
    ...{ ordinal, serviceDigest: digests[service] ?? '', state: 'running', serving: true, image: `shop/${service}:1` },
    ...{ startedAt: new Date(Date.now() - 60_000), observedAt: new Date() },
  })
  await api.db.prisma.instance.createMany({ data: [instance('web', 1), instance('web', 2), instance('db', 1)] })
  return app.id
}

/** Two tenants, each with so many running apps `app-0`, `app-1`, … on one host. */
export async function fleet(api: ApiHarness, apps: number) {
  const hostId = await addHost(api, 'one')
  const [acme, other] = [await api.tenant('acme'), await api.tenant('other')]
  for (const tenant of [acme, other])
    for (let at = 0; at < apps; at += 1) await runningApp(api, tenant, `app-${at}`, hostId)
  return { acme, other, hostId }
}
