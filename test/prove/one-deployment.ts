import { addHost, must, type Outcome, ourContainers, Scene, webService } from './scene.ts'
import { IMAGES } from '../lab/images.ts'
import { ended } from '../lab/server.ts'

const REQUESTS = 1000
const AT_ONCE = 50

/** 1,000 identical PUTs with one key, 50 at a time over two API processes: one release, one operation, one container, equal answers. */
export async function prove(): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const databaseUrl = await scene.database()
    const [engine, a, b] = await Promise.all([
      scene.engine({ tcp: false }),
      scene.server({ databaseUrl, roles: 'api' }),
      scene.server({ databaseUrl, roles: 'api' }),
    ])
    await scene.server({ databaseUrl, roles: 'worker' })
    await addHost(a, 'h1', engine)
    await must(a, 'POST', '/v1/tenants', { name: 'acme' })

    const body = { spec: { services: { web: webService(IMAGES.web1) } } }
    const answers = new Map<string, number>()
    let sent = 0
    const startedAt = performance.now()
    const client = async (): Promise<void> => {
      while (sent < REQUESTS) {
        sent += 1
        const server = sent % 2 === 0 ? a : b
        const answer = await server.request('PUT', '/v1/tenants/acme/apps/shop', {
          body,
          headers: { 'idempotency-key': 'the-one' },
        })
        const text = `${answer.status} ${JSON.stringify(answer.body)}`
        answers.set(text, (answers.get(text) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, client))
    const took = performance.now() - startedAt

    const operations = (await must(a, 'GET', '/v1/tenants/acme/operations')).items
    const operation = await ended(b, operations[0])
    const releases = (await must(b, 'GET', '/v1/tenants/acme/apps/shop/releases')).items
    const containers = await ourContainers(engine)
    const other = await a.request('PUT', '/v1/tenants/acme/apps/shop', {
      body: { ...body, force: true },
      headers: { 'idempotency-key': 'the-one' },
    })
    const holds =
      answers.size === 1 &&
      [...answers.keys()][0]?.startsWith('202 ') === true &&
      operations.length === 1 &&
      releases.length === 1 &&
      containers.length === 1 &&
      operation.status === 'succeeded' &&
      other.status === 422
    return {
      outcome: holds,
      lines: [
        `requests ${[...answers.values()].reduce((sum, count) => sum + count, 0)} in ${(took / 1000).toFixed(1)} s over 2 API processes, ${AT_ONCE} at a time`,
        `different answers ${answers.size} (${[...answers]
          .slice(0, 3)
          .map(([text, count]) => `${count} × ${text.slice(0, 60)}`)
          .join('; ')}…)`,
        `operations ${operations.length} (${operation.status}), releases ${releases.length}, containers ${containers.length}`,
        `the same key with another body: ${other.status} ${other.body.code}`,
      ],
    }
  })
}
