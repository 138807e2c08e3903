import t, { type Test } from 'tap'
import { newId } from '../../src/lib/ids.ts'
import { type ApiHarness, apiHarness } from '../lab/api.ts'
import { type LabEngine, requireEngines, startEngine } from '../lab/engines.ts'

if (await requireEngines(t)) {
  const engine = await startEngine({ name: 'hosts' })
  t.teardown(async () => await engine.stop())

  t.test('hosts', async (t) => {
    const api = await apiHarness(t)
    const acme = await api.tenant('acme')
    await api.tenant('other')
    const register = async (body: object, headers: Record<string, string> = {}) =>
      await api.request('POST', '/v1/hosts', { body, headers })
    const local = { name: 'local', kind: 'docker', endpoint: { socketPath: engine.socketPath } }
    const marker = `mrg-${api.installation.replaceAll('-', '').slice(0, 8)}-marker`

    t.test('200 a dry run of registering says what would be done, and does nothing', async (t) => {
      const { status, body } = await register({ ...local, dryRun: true })
      t.equal(status, 200)
      t.match(body, {
        dryRun: true,
        plan: { steps: [{ action: 'write_marker' }, { action: 'register_host', target: 'local' }] },
      })
      t.equal(body.planDigest, body.plan.digest)
      t.same((await api.request('GET', '/v1/hosts')).body.items, [])
      t.notMatch(await engine.docker(['volume', 'ls', '-q']), marker)
    })

    t.test('409 plan_changed carries the new plan', async (t) => {
      const { status, body } = await register({ ...local, expectPlan: '0'.repeat(64) })
      t.equal(status, 409)
      t.match(body, {
        code: 'plan_changed',
        plan: { steps: [{ action: 'write_marker' }, { action: 'register_host' }] },
      })
    })

    t.test('201 registers an engine, which takes the marker; equal requests with one key get one answer', async (t) => {
      const { body: dry } = await register({ ...local, dryRun: true })
      const wish = { ...local, labels: { region: 'eu' }, tenants: ['acme'], expectPlan: dry.planDigest }
      const answers = await Promise.all(
        Array.from({ length: 10 }, async () => await register(wish, { 'idempotency-key': 'r' })),
      )
      t.same([...new Set(answers.map(({ status }) => status))], [201])
      t.equal(new Set(answers.map(({ text }) => text)).size, 1)
      const [{ body, headers } = { body: null, headers: {} }] = answers
      t.match(body, {
        name: 'local',
        endpoint: { socketPath: engine.socketPath },
        labels: { region: 'eu' },
        tenants: ['acme'],
        status: 'ready',
        schedulable: true,
        version: 1,
        allocated: { instances: 0, cpus: 0, memory: 0 },
      })
      t.ok(body.capacity.cpus > 0 && body.capacity.memory > 0 && /^\d+\./.test(body.engineVersion))
      t.equal(headers.location, '/v1/hosts/local')
      const labels = JSON.parse(await engine.docker(['volume', 'inspect', '-f', '{{json .Labels}}', marker]))
      t.ok(Object.values(labels).includes(body.id))
      t.same((await api.request('GET', '/v1/hosts/local')).body, body)
      const row = await api.db.prisma.host.findUniqueOrThrow({ where: { name: 'local' } })
      t.notOk(Buffer.from(row.endpoint).toString('latin1').includes(engine.socketPath), 'the endpoint is sealed')
    })

    t.test('409 host_exists for the same engine by another name or way; already_exists for the name', async (t) => {
      t.match(await register({ ...local, name: 'again' }), {
        status: 409,
        body: { code: 'host_exists', detail: /"local"/ },
      })
      t.match(await register({ name: 'by-tcp', kind: 'docker', endpoint: { url: engine.url } }), {
        status: 409,
        body: { code: 'host_exists' },
      })
      t.match(await register(local), { status: 409, body: { code: 'already_exists' } })
    })

    t.test('502 host_unreachable stores nothing', async (t) => {
      for (const endpoint of [{ socketPath: '/nonexistent/docker.sock' }, { url: 'tcp://127.0.0.1:1' }]) {
        t.match(await register({ name: 'away', kind: 'docker', endpoint }), {
          status: 502,
          body: { code: 'host_unreachable' },
        })
      }
      t.equal((await api.request('GET', '/v1/hosts/away')).status, 404)
    })

    t.test('400 for endpoints that are none, or not yet', async (t) => {
      const wrong: [object, string][] = [
        [{}, '/body/endpoint'],
        [{ socketPath: '/a', url: 'tcp://a:1' }, '/body/endpoint'],
        [{ socketPath: 'relative' }, '/body/endpoint/socketPath'],
        [{ url: 'tcp://user:secret@a:2375' }, '/body/endpoint/url'],
        [{ url: 'tcp://a' }, '/body/endpoint/url'],
        [{ url: 'tcp://a:0' }, '/body/endpoint/url'],
        [{ url: 'tcp://a:99999' }, '/body/endpoint/url'],
        [{ url: 'tcp://a:1/path' }, '/body/endpoint/url'],
        [{ ssh: { host: 'a' } }, '/body/endpoint/ssh'],
      ]
      for (const [endpoint, path] of wrong) {
        const { status, body, text } = await register({ name: 'x', kind: 'docker', endpoint })
        t.match({ status, body }, { status: 400, body: { errors: [{ path }] } }, JSON.stringify(endpoint))
        t.notMatch(text, /secret/)
      }
      t.match(await register({ ...local, name: 'x', kind: 'swarm' }), {
        status: 400,
        body: { errors: [{ path: '/body/kind' }] },
      })
      t.match(await register({ ...local, name: 'x', tenants: ['acme', 'nobody'] }), {
        status: 400,
        body: { errors: [{ path: '/body/tenants/1' }] },
      })
      t.match(await register({ ...local, name: 'x', labels: { 'a b': 'c' } }), { status: 400 })
    })

    t.test('403 for tenants’ tokens on every route of hosts', async (t) => {
      for (const [method, path] of [
        ['GET', ''],
        ['POST', ''],
        ['GET', '/local'],
        ['PATCH', '/local'],
        ['DELETE', '/local'],
        ['POST', '/local/probe'],
        ['POST', '/local/cordon'],
        ['POST', '/local/uncordon'],
        ['GET', '/local/containers'],
        ['GET', '/nobody'],
      ] as const) {
        const body = method === 'POST' || method === 'PATCH' ? {} : undefined
        t.match(
          await api.request(method, `/v1/hosts${path}`, { token: acme.owner, body }),
          { status: 403, body: { code: 'forbidden' } },
          `${method} ${path}`,
        )
      }
    })

    t.test('404 for a host that is not there', async (t) => {
      for (const [method, path] of [
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['POST', '/probe'],
        ['POST', '/cordon'],
        ['GET', '/volumes'],
      ] as const) {
        t.match(
          await api.request(method, `/v1/hosts/nobody${path}`, { body: method === 'PATCH' ? {} : undefined }),
          { status: 404 },
          `${method} ${path}`,
        )
      }
    })

    t.test('200 PATCH changes labels, tenants and schedulable, with a version that grows once a change', async (t) => {
      const patch = async (body: object, version: number) =>
        await api.request('PATCH', '/v1/hosts/local', { body, headers: { 'if-match': `"${version}"` } })
      t.match(
        (await patch({ labels: { zone: 'a' }, tenants: ['other', 'acme'], schedulable: false, dryRun: true }, 1)).body,
        {
          dryRun: true,
          plan: { steps: [{ action: 'change_labels' }, { action: 'change_tenants' }, { action: 'cordon' }] },
        },
      )
      t.match((await patch({ labels: { zone: 'a' }, tenants: ['other', 'acme'] }, 1)).body, {
        version: 2,
        labels: { zone: 'a' },
        tenants: ['acme', 'other'],
      })
      t.match((await patch({ labels: { zone: 'a' } }, 2)).body, { version: 2 }, 'nothing changes')
      t.match((await patch({ tenants: [] }, 2)).body, { version: 3, tenants: [] })
      t.match(await patch({ labels: {} }, 2), { status: 412, body: { code: 'version_mismatch' } })
      t.match(await patch({ labels: { b: 'c' }, expectPlan: '0'.repeat(64) }, 3), {
        status: 409,
        body: { code: 'plan_changed' },
      })
      t.match(await patch({ tenants: ['nobody'] }, 3), { status: 400, body: { errors: [{ path: '/body/tenants/0' }] } })
    })

    t.test('200 cordon and uncordon, any number of times', async (t) => {
      const verb = async (name: string, body?: object) =>
        (await api.request('POST', `/v1/hosts/local/${name}`, { body })).body
      t.match(await verb('cordon', { dryRun: true }), { plan: { steps: [{ action: 'cordon' }] } })
      t.match(await verb('cordon'), { schedulable: false, version: 4 })
      t.match(await verb('cordon', {}), { schedulable: false, version: 4 })
      t.match(await verb('uncordon'), { schedulable: true, version: 5 })
    })

    t.test('200 candidates are what place takes', async (t) => {
      t.match(await api.hosts.loadCandidates(api.db.prisma), [
        {
          name: 'local',
          kind: 'docker',
          labels: { zone: 'a' },
          status: 'ready',
          schedulable: true,
          tenants: [],
          instances: 0,
        },
      ])
    })

    await t.test('200 the live inventory, ours and foreign, in pages', async (t) => {
      await engine.docker(['volume', 'create', 'foreign'])
      const first = await api.request('GET', '/v1/hosts/local/volumes?limit=1')
      t.match(first.body.items, [{ name: 'foreign', managed: false }])
      const rest = await api.request('GET', `/v1/hosts/local/volumes?cursor=${first.body.nextCursor}`)
      t.match(rest.body, { items: [{ name: marker, managed: true }], nextCursor: null })
      t.equal((await api.request('GET', '/v1/hosts/local/volumes?cursor=bm8')).status, 400)
      for (const kind of ['containers', 'images', 'networks'])
        t.equal((await api.request('GET', `/v1/hosts/local/${kind}`)).status, 200)
    })

    t.test('probe tells a lost marker, another’s, and adopts', async (t) => {
      const probe = async (body?: object) => await api.request('POST', '/v1/hosts/local/probe', { body })
      t.match(await probe(), { status: 200, body: { status: 'ready', message: null } })
      await engine.docker(['volume', 'rm', marker])
      t.match(await probe({ dryRun: true, adopt: true }), {
        status: 200,
        body: { plan: { steps: [{ action: 'write_marker' }, { action: 'set_ready' }] } },
      })
      t.match(await probe(), { status: 409, body: { code: 'host_marker_missing' } })
      t.match((await api.request('GET', '/v1/hosts/local')).body, { status: 'unknown', message: /marker/ })
      t.match(await probe({ adopt: true }), { status: 200, body: { status: 'ready', message: null } })
      const inspected = JSON.parse(await engine.docker(['volume', 'inspect', '-f', '{{json .Labels}}', marker]))
      await engine.docker(['volume', 'rm', marker])
      const { id } = (await api.request('GET', '/v1/hosts/local')).body
      const foreign = Object.entries<string>(inspected).flatMap(([key, value]) => [
        '--label',
        `${key}=${value === id ? newId() : value}`,
      ])
      await engine.docker(['volume', 'create', ...foreign, marker])
      t.match(
        await probe({ adopt: true }),
        { status: 409, body: { code: 'host_identity_mismatch' } },
        'adopting takes no other host’s engine',
      )
      t.match((await api.request('GET', '/v1/hosts/local')).body, { status: 'unknown' })
      await engine.docker(['volume', 'rm', marker])
      t.match(await probe({ adopt: true }), { status: 200 })
    })

    t.test('409 host_not_empty while it has apps', async (t) => {
      const [host, tenant] = await Promise.all([
        api.db.prisma.host.findUniqueOrThrow({ where: { name: 'local' } }),
        api.db.prisma.tenant.findUniqueOrThrow({ where: { name: 'acme' } }),
      ])
      const app = await api.db.prisma.app.create({
        data: { id: newId(), tenantId: tenant.id, name: 'shop', hostId: host.id },
      })
      t.match(await api.request('DELETE', '/v1/hosts/local?force=true'), {
        status: 409,
        body: { code: 'host_not_empty' },
      })
      t.match(await engine.docker(['volume', 'ls', '-q']), marker, 'the marker stays')
      await api.db.prisma.app.delete({ where: { id: app.id } })
    })

    t.test('204 deletes a host and its marker; the engine can be registered anew', async (t) => {
      t.match((await api.request('DELETE', '/v1/hosts/local?dryRun=true')).body, {
        plan: { steps: [{ action: 'remove_marker' }, { action: 'delete_host' }] },
      })
      t.match(await api.request('DELETE', '/v1/hosts/local', { headers: { 'if-match': '"1"' } }), { status: 412 })
      t.equal((await api.request('DELETE', '/v1/hosts/local')).status, 204)
      t.notMatch(await engine.docker(['volume', 'ls', '-q']), marker)
      t.equal((await register(local)).status, 201)
    })

    t.test('201 a registration that broke off leaves a marker, whose id the next one takes', async (t) => {
      const { id } = await api.db.prisma.host.delete({ where: { name: 'local' } })
      const { status, body } = await register(local)
      t.match({ status, body }, { status: 201, body: { id } })
    })

    t.test('201 once and 409 for the rest, when many register one engine at once', async (t) => {
      await api.request('DELETE', '/v1/hosts/local')
      const answers = await Promise.all(
        Array.from({ length: 8 }, async (_, at) => await register({ ...local, name: `host-${at}` })),
      )
      t.same(
        answers.map(({ status }) => status).toSorted((a, b) => a - b),
        [201, ...Array.from({ length: 7 }, () => 409)],
      )
      t.same([...new Set(answers.filter(({ status }) => status === 409).map(({ body }) => body.code))], ['host_exists'])
      const [host] = (await api.request('GET', '/v1/hosts')).body.items
      t.equal((await api.request('DELETE', `/v1/hosts/${host.name}`)).status, 204)
    })

    t.test('an engine that is cut off', async (t) => await cutOff(t, api, engine))
  })
}

async function cutOff(t: Test, api: ApiHarness, engine: LabEngine): Promise<void> {
  t.equal(
    (await api.request('POST', '/v1/hosts', { body: { name: 'far', kind: 'docker', endpoint: { url: engine.url } } }))
      .status,
    201,
  )
  await engine.cutOff()
  try {
    t.match(await api.request('POST', '/v1/hosts/far/probe'), { status: 502, body: { code: 'host_unreachable' } })
    t.match(await api.request('DELETE', '/v1/hosts/far'), { status: 502, body: { code: 'host_unreachable' } })
    t.match(await api.request('GET', '/v1/hosts/far'), { status: 200, body: { name: 'far' } }, 'it is still there')
    t.equal((await api.request('DELETE', '/v1/hosts/far?force=true')).status, 204)
  } finally {
    await engine.heal()
  }
}
