import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { appClient, composeOf, start, succeed } from './scene.ts'

t.test('applying an app', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  const other = await api.tenant('other')
  const { prisma } = api.db

  t.test('202 makes the app, its first release and an operation', async (t) => {
    const shop = appClient(api, acme, 'first')
    const { status, headers, body } = await shop.apply({ compose: composeOf(), labels: { team: 'a' } })
    t.equal(status, 202)
    t.match(body.operation, {
      tenant: 'acme',
      app: 'first',
      parent: null,
      kind: 'deploy',
      status: 'queued',
      release: 1,
      plan: null,
      steps: [],
      error: null,
      requestedBy: 'token:developer',
      attempts: 0,
    })
    t.equal(headers.location, `/v1/tenants/acme/operations/${body.operation.id}`)
    t.match(await shop.operation(body.operation.id), { status: 200, body: body.operation })
    t.match(await shop.get(), {
      status: 200,
      headers: { etag: '"1"' },
      body: {
        name: 'first',
        tenant: 'acme',
        labels: { team: 'a' },
        host: null,
        version: 1,
        currentRelease: null,
        wanted: { release: 1, replicas: { web: 2, db: 1 }, running: true, restartGeneration: 0 },
      },
    })
    t.match(await shop.get('/releases/1'), {
      body: {
        number: 1,
        createdBy: 'token:developer',
        succeededAt: null,
        spec: { services: { web: { replicas: 2 } } },
      },
    })
  })

  t.test('202 gives the operation that is at it already for the same spec', async (t) => {
    const shop = appClient(api, acme, 'same')
    const first = await shop.apply({ compose: composeOf() })
    const again = await shop.apply({ compose: `# a comment changes nothing\n${composeOf()}` })
    t.match(again, { status: 202, body: { operation: { id: first.body.operation.id } } })
    await start(api, first.body.operation.id)
    t.equal((await shop.apply({ compose: composeOf() })).body.operation.id, first.body.operation.id)
  })

  t.test('200 with no operation where nothing changes; force makes one, without a release', async (t) => {
    const shop = appClient(api, acme, 'force')
    await succeed(api, (await shop.apply({ compose: composeOf() })).body.operation.id)
    t.match(await shop.apply({ compose: composeOf() }), { status: 200, body: { operation: null } })
    const { version } = (await shop.get()).body
    const forced = await shop.apply({ compose: composeOf(), force: true })
    t.match(forced, { status: 202, body: { operation: { kind: 'deploy', release: 1 } } })
    t.equal((await shop.get('/releases')).body.items.length, 1)
    t.equal((await shop.get()).body.version, version + 1)
  })

  t.test('202 makes a release where the spec changed, and ends the queued operation', async (t) => {
    const shop = appClient(api, acme, 'changed')
    const first = (await shop.apply({ compose: composeOf() })).body.operation
    const second = (await shop.apply({ compose: composeOf({ tag: '2' }) })).body.operation
    t.equal(second.release, 2)
    t.match((await shop.operation(first.id)).body, { status: 'cancelled', error: { code: 'superseded' } })
    t.match((await shop.get()).body.wanted, { release: 2 })
  })

  t.test('a running operation is marked, not ended', async (t) => {
    const shop = appClient(api, acme, 'running')
    const first = (await shop.apply({ compose: composeOf() })).body.operation
    await start(api, first.id)
    const second = (await shop.apply({ compose: composeOf({ tag: '2' }) })).body.operation
    t.match((await shop.operation(first.id)).body, { status: 'running' })
    t.equal((await prisma.operation.findUniqueOrThrow({ where: { id: first.id } })).supersededBy, second.id)
  })

  t.test('supersede=queue lets what is under way end', async (t) => {
    const shop = appClient(api, acme, 'queue')
    const first = (await shop.apply({ compose: composeOf() })).body.operation
    await start(api, first.id)
    const second = (await shop.apply({ compose: composeOf({ tag: '2' }) }, { query: '?supersede=queue' })).body
      .operation
    t.equal(second.status, 'queued')
    t.equal((await prisma.operation.findUniqueOrThrow({ where: { id: first.id } })).supersededBy, null)
  })

  t.test('images take the place of those in the spec', async (t) => {
    const shop = appClient(api, acme, 'images')
    await shop.apply({ compose: composeOf(), images: { web: 'registry.example.com/shop/web:9' } })
    t.match((await shop.get('/releases/1')).body.spec.services.web, { image: 'registry.example.com/shop/web:9' })
    t.match(await shop.apply({ compose: composeOf(), images: { nope: 'a' } }), {
      status: 422,
      body: { code: 'invalid_spec', errors: [{ path: '/body/images/nope' }] },
    })
  })

  t.test('an apply replaces a scale, and starts a stopped app', async (t) => {
    const shop = appClient(api, acme, 'replaces')
    await succeed(api, (await shop.apply({ compose: composeOf() })).body.operation.id)
    await succeed(api, (await shop.post('/scale', { services: { web: 5 } })).body.operation.id)
    await succeed(api, (await shop.post('/stop')).body.operation.id)
    const { status, body } = await shop.apply({ compose: composeOf() })
    t.match(
      { status, kind: body.operation.kind, release: body.operation.release },
      { status: 202, kind: 'deploy', release: 1 },
    )
    t.match((await shop.get()).body.wanted, { release: 1, replicas: { web: 2 }, running: true })
  })

  t.test('50 identical requests with one key make one release and one operation, with equal answers', async (t) => {
    const shop = appClient(api, acme, 'keyed')
    const body = { compose: composeOf() }
    const headers = { 'idempotency-key': 'one-key' }
    const answers = await Promise.all(Array.from({ length: 50 }, async () => await shop.apply(body, { headers })))
    t.same(new Set(answers.map(({ status }) => status)), new Set([202]))
    t.equal(new Set(answers.map(({ text }) => text)).size, 1)
    t.equal(new Set(answers.map(({ headers }) => headers.location)).size, 1)
    t.equal((await shop.get('/releases')).body.items.length, 1)
    t.equal(await prisma.operation.count({ where: { appName: 'keyed' } }), 1)
    t.match(await shop.apply({ compose: composeOf({ tag: '2' }) }, { headers }), {
      status: 422,
      body: { code: 'idempotency_key_reused' },
    })
  })

  t.test('50 identical requests without a key make one release and one operation', async (t) => {
    const shop = appClient(api, acme, 'keyless')
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => await shop.apply({ compose: composeOf() })),
    )
    t.same(new Set(answers.map(({ status }) => status)), new Set([202]))
    t.equal(new Set(answers.map(({ body }) => body.operation.id)).size, 1)
    t.equal((await shop.get('/releases')).body.items.length, 1)
  })

  t.test('50 different requests at once: versions in a row, all but the last superseded', async (t) => {
    const shop = appClient(api, acme, 'race')
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => await shop.apply({ compose: composeOf({ tag: `r${at}` }) })),
    )
    t.same(new Set(answers.map(({ status }) => status)), new Set([202]))
    const rows = await prisma.operation.findMany({ where: { appName: 'race' }, orderBy: { wantedVersion: 'asc' } })
    t.same(
      rows.map(({ wantedVersion }) => wantedVersion),
      Array.from({ length: 50 }, (_, at) => at + 1),
    )
    t.same(
      rows.map(({ release }) => release),
      rows.map(({ wantedVersion }) => wantedVersion),
    )
    const [last, ...before] = rows.toReversed()
    t.equal(last?.status, 'queued')
    t.ok(before.every(({ status, supersededBy }) => status === 'cancelled' && supersededBy !== null))
    t.same(
      rows.map(({ id }) => id),
      rows.map(({ id }) => id).toSorted(),
      'ids grow with the versions: a lane is worked in their order',
    )
    t.match((await shop.get()).body, { version: 50, wanted: { release: 50 } })
  })

  t.test('404 hides another tenant and its apps', async (t) => {
    const path = '/v1/tenants/acme/apps/first'
    for (const [method, url, body] of [
      ['PUT', path, { compose: composeOf() }],
      ['GET', path],
      ['PATCH', path, { labels: {} }],
      ['DELETE', path],
      ['POST', `${path}/scale`, { services: { web: 1 } }],
      ['GET', `${path}/releases`],
      ['GET', `${path}/releases/1`],
      ['GET', `${path}/instances`],
      ['GET', `${path}/workloads`],
      ['GET', '/v1/tenants/acme/operations'],
    ] as const) {
      const answer = await api.request(method, url, { token: other.owner, ...(body && { body }) })
      t.match(answer, { status: 404, body: { code: 'not_found' } }, `${method} ${url}`)
    }
    const [operation] = (await api.request('GET', '/v1/tenants/acme/operations', { token: acme.viewer })).body.items
    t.equal((await appClient(api, other).operation(operation.id)).status, 404)
    t.equal((await appClient(api, other).cancel(operation.id)).status, 404)
  })

  t.test('404 for what is not there', async (t) => {
    const nope = appClient(api, acme, 'nope')
    for (const below of ['', '/releases', '/instances', '/workloads']) t.equal((await nope.get(below)).status, 404)
    t.equal((await nope.post('/restart')).status, 404)
    t.equal((await nope.remove()).status, 404)
    t.equal((await appClient(api, acme, 'first').get('/releases/99')).status, 404)
    t.equal((await api.request('PUT', '/v1/tenants/none/apps/a', { body: { compose: composeOf() } })).status, 404)
  })

  t.test('403 for a viewer', async (t) => {
    const options = { token: acme.viewer }
    t.match(await appClient(api, acme, 'first').apply({ compose: composeOf() }, options), {
      status: 403,
      body: { code: 'forbidden' },
    })
    t.equal((await appClient(api, acme, 'first').remove('', options)).status, 403)
  })

  t.test('422 names every place of a bad spec, and stores nothing', async (t) => {
    const bad = appClient(api, acme, 'bad')
    const { status, body } = await bad.apply({
      compose: 'services: { web: { image: a, privileged: true, devices: ["/dev/kvm"] } }',
    })
    t.match({ status, code: body.code }, { status: 422, code: 'unsupported' })
    t.same(body.errors.map(({ path }: { path: string }) => path).toSorted(), [
      '/services/web/devices',
      '/services/web/privileged',
    ])
    t.equal((await bad.get()).status, 404)
  })

  t.test('400 unless it has compose or spec', async (t) => {
    const bad = appClient(api, acme, 'bad')
    t.match(await bad.apply({}), { status: 400, body: { errors: [{ path: '/body' }] } })
    t.match(await bad.apply({ compose: 'a: 1', spec: {} }), { status: 400 })
    t.match(await bad.apply({ compose: composeOf(), files: {} }), { status: 400, body: { code: 'bad_request' } })
  })

  t.test('412 when the version is another, or there is no app', async (t) => {
    const shop = appClient(api, acme, 'matched')
    const stale = { headers: { 'if-match': '"7"' } }
    t.match(await shop.apply({ compose: composeOf() }, stale), { status: 412, body: { code: 'version_mismatch' } })
    t.equal((await shop.get()).status, 404, 'nothing was made')
    await shop.apply({ compose: composeOf() })
    t.equal((await shop.apply({ compose: composeOf({ tag: '2' }) }, stale)).status, 412)
    t.equal((await shop.get('/releases')).body.items.length, 1)
    t.equal((await shop.apply({ compose: composeOf({ tag: '2' }) }, { headers: { 'if-match': '"1"' } })).status, 202)
  })

  t.test('200 lists apps in pages, each once', async (t) => {
    const names: string[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`
      const { body } = await api.request('GET', `/v1/tenants/acme/apps?limit=3${query}`, { token: acme.viewer })
      names.push(...body.items.map(({ name }: { name: string }) => name))
      cursor = body.nextCursor
    } while (cursor !== null)
    t.same(names, names.toSorted())
    t.equal(new Set(names).size, await prisma.app.count())
    t.same((await api.request('GET', '/v1/tenants/other/apps', { token: other.viewer })).body.items, [])
  })

  t.test('200 changes labels and the version, nothing else', async (t) => {
    const shop = appClient(api, acme, 'matched')
    const before = (await shop.get()).body
    const changed = await shop.patch({ labels: { a: 'b' } }, { headers: { 'if-match': `"${before.version}"` } })
    t.match(changed, { status: 200, body: { labels: { a: 'b' }, version: before.version + 1, wanted: before.wanted } })
    t.equal((await shop.patch({ labels: {} }, { headers: { 'if-match': `"${before.version}"` } })).status, 412)
    t.equal((await shop.patch({ labels: { a: 'b' } })).body.version, before.version + 1)
    t.match(await shop.patch({ labels: {}, dryRun: true }), { status: 200, body: { dryRun: true } })
    t.same((await shop.get()).body.labels, { a: 'b' })
  })
})
