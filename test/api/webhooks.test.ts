import t from 'tap'
import { Webhook } from 'standardwebhooks'
import { emit } from '../../src/events/index.ts'
import { apiHarness } from '../lab/api.ts'

const URL_1 = 'https://example.com/hooks?shop=1'

t.test('webhooks', async (t) => {
  const api = await apiHarness(t, { outboundAllow: ['10.1.0.0/16'] })
  const acme = await api.tenant('acme')
  const other = await api.tenant('other')
  const path = '/v1/tenants/acme/webhooks'
  const make = async (body: object = { url: URL_1 }, token = acme.owner) =>
    await api.request('POST', path, { token, body })
  const none = '00000000-0000-4000-8000-000000000000'

  t.test('201 shows the secret once: no list, event or row has it', async (t) => {
    const { status, headers, body } = await make({ url: URL_1, types: ['operation.*', 'app.created'] })
    t.equal(status, 201)
    t.match(body, {
      url: URL_1,
      types: ['operation.*', 'app.created'],
      enabled: true,
      failingSince: null,
      disabledReason: null,
      createdBy: 'token:owner',
    })
    t.match(body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    t.doesNotThrow(() => new Webhook(body.secret))
    t.equal(headers.location, `${path}/${body.id}`)
    const { secret, ...shown } = body
    t.same((await api.request('GET', `${path}/${body.id}`, { token: acme.viewer })).body, shown)
    const texts = await Promise.all(
      [path, `${path}/${body.id}`, `${path}/${body.id}/deliveries`, '/v1/tenants/acme/events'].map(
        async (place) => (await api.request('GET', place, { token: acme.owner })).text,
      ),
    )
    const rows = await api.db.prisma.$queryRaw`
      SELECT (SELECT json_agg(w) FROM webhooks w)::text || (SELECT json_agg(e) FROM events e)::text
        || (SELECT coalesce(json_agg(i)::text, '') FROM idempotency_records i) AS text, array_agg(secret) AS sealed FROM webhooks`
    const bare = String(secret).slice('whsec_'.length)
    for (const text of [...texts, JSON.stringify(rows)]) {
      t.notOk(text.includes(bare))
      t.notMatch(text, /whsec_/)
    }
    const [row] = await api.db.prisma.webhook.findMany({ where: { id: body.id } })
    t.notOk(Buffer.from(row?.secret ?? []).includes(Buffer.from(bare, 'base64')))
  })

  t.test('201 a replay of an idempotency key gives the same secret, and makes one webhook', async (t) => {
    const send = async () =>
      await api.request('POST', path, {
        token: acme.owner,
        body: { url: 'https://example.com/once' },
        headers: { 'idempotency-key': 'w-1' },
      })
    const answers = await Promise.all(Array.from({ length: 10 }, send))
    t.same(new Set(answers.map(({ text }) => text)).size, 1)
    t.equal(await api.db.prisma.webhook.count({ where: { url: 'https://example.com/once' } }), 1)
    const records = await api.db.prisma.idempotencyRecord.findMany()
    t.notOk(JSON.stringify(records.map(({ body }) => Buffer.from(body).toString('latin1'))).includes('whsec_'))
  })

  t.test('400 names what is wrong with a webhook', async (t) => {
    const bad: readonly (readonly [body: unknown, path: string])[] = [
      [{}, '/body'],
      [{ url: 'example.com' }, '/body/url'],
      [{ url: 'http://example.com/' }, ''],
      [{ url: 'https://user:pw@example.com/' }, '/body/url'],
      [{ url: 'https://127.0.0.1/' }, '/body/url'],
      [{ url: 'https://0x7f.1/' }, '/body/url'],
      [{ url: 'http://169.254.169.254/' }, '/body/url'],
      [{ url: 'https://[::ffff:192.168.0.1]/' }, '/body/url'],
      [{ url: 'unix:/var/run/docker.sock' }, '/body/url'],
      [{ url: `https://example.com/${'x'.repeat(2048)}` }, '/body/url'],
      [{ url: `https://example.com/${'ü'.repeat(1000)}` }, '/body/url'],
      [{ url: URL_1, types: ['app.exploded'] }, '/body/types/0'],
      [{ url: URL_1, types: ['app.created', 'nothing.*'] }, '/body/types/1'],
      [{ url: URL_1, types: ['*'] }, '/body/types/0'],
      [{ url: URL_1, types: ['app.created', 'app.created'] }, '/body/types'],
      [{ url: URL_1, types: 'app.created' }, '/body/types'],
      [{ url: URL_1, types: ["app.created' OR 1=1"] }, '/body/types/0'],
      [{ url: URL_1, secret: 'whsec_mine' }, '/body'],
      [[], '/body'],
    ]
    for (const [body, place] of bad) {
      const answer = await make(body as object)
      // A name over plain http may be one that the allow-list has: that is seen where it is connected to.
      if (place === '') t.equal(answer.status, 201, JSON.stringify(body))
      else {
        t.match(answer, { status: 400, body: { code: 'bad_request' } }, JSON.stringify(body))
        t.match(answer.body.errors[0].path, place, JSON.stringify(body))
      }
    }
    t.match(await make({ url: 'https://10.1.2.3/' }), { status: 201 }, 'what an admin allowed')
  })

  t.test('403 for all but owners, and every role reads', async (t) => {
    const { body } = await make()
    const one = `${path}/${body.id}`
    for (const token of [acme.viewer, acme.developer]) {
      t.match(await make({ url: URL_1 }, token), { status: 403 })
      t.match(await api.request('PATCH', one, { token, body: { enabled: false } }), { status: 403 })
      t.match(await api.request('DELETE', one, { token }), { status: 403 })
      t.match(await api.request('POST', `${one}/deliveries/${none}/redeliver`, { token }), { status: 403 })
      for (const place of [path, one, `${one}/deliveries`])
        t.match(await api.request('GET', place, { token }), { status: 200 })
    }
    t.match(await api.request('GET', path, { token: null }), { status: 401 })
  })

  t.test("404 hides another tenant's webhooks and deliveries, by every route", async (t) => {
    const { body } = await make()
    await api.db.transaction(async (tx) => {
      const { id } = await tx.tenant.findUniqueOrThrow({ where: { name: 'acme' } })
      emit(tx, { tenantId: id, type: 'app.created' })
    })
    const deliveries = await api.request('GET', `${path}/${body.id}/deliveries`)
    const delivery = deliveries.body.items[0].id
    const routes: readonly (readonly [method: string, below: string, body?: object])[] = [
      ['GET', ''],
      ['PATCH', '', { enabled: false }],
      ['DELETE', ''],
      ['GET', '/deliveries'],
      ['GET', `/deliveries/${delivery}`],
      ['POST', `/deliveries/${delivery}/redeliver`],
    ]
    for (const [method, below, content] of routes) {
      const options = { token: other.owner, ...(content && { body: content }) }
      for (const tenant of ['acme', 'other'])
        t.match(
          await api.request(method, `/v1/tenants/${tenant}/webhooks/${body.id}${below}`, options),
          { status: 404 },
          `${method} ${tenant} ${below}`,
        )
    }
    t.match(await make({ url: URL_1 }, other.owner), { status: 404 })
    const mine = await api.request('POST', '/v1/tenants/other/webhooks', { token: other.owner, body: { url: URL_1 } })
    t.match(
      await api.request('POST', `/v1/tenants/other/webhooks/${mine.body.id}/deliveries/${delivery}/redeliver`, {
        token: other.owner,
      }),
      { status: 404 },
      "another webhook's delivery by one's own",
    )
    t.match(await api.request('GET', `${path}/${body.id}`), { status: 200, body: { enabled: true } })
  })

  t.test('404 for what is not there, 400 for what is no id', async (t) => {
    t.match(await api.request('GET', `${path}/${none}`), { status: 404 })
    t.match(await api.request('DELETE', `${path}/${none}`), { status: 404 })
    t.match(await api.request('PATCH', `${path}/${none}`, { body: { enabled: true } }), { status: 404 })
    t.match(await api.request('GET', `${path}/${none}/deliveries`), { status: 404 })
    t.match(await api.request('GET', `${path}/${none}/deliveries/${none}`), { status: 404 })
    t.match(await api.request('GET', `${path}/x`), { status: 400 })
    const { body } = await make()
    t.match(await api.request('POST', `${path}/${body.id}/deliveries/${none}/redeliver`), { status: 404 })
    t.match(await api.request('PATCH', `${path}/${body.id}`, { body: {} }), { status: 400 })
    t.match(await api.request('PATCH', `${path}/${body.id}`, { body: { url: 'https://[::1]/' } }), { status: 400 })
    t.match(await api.request('PATCH', `${path}/${body.id}`, { body: { types: ['x.y'] } }), { status: 400 })
    for (const position of [
      {},
      { at: '2026-13-45T00:00:00Z', id: none },
      { at: "x' OR 1=1", id: none },
      { at: '2026-01-01T00:00:00+23:59', id: none },
      { at: '2026-01-01T00:00:00Z', id: 'x' },
    ]) {
      const cursor = Buffer.from(JSON.stringify(position)).toString('base64url')
      t.match(
        await api.request('GET', `${path}/${body.id}/deliveries?cursor=${cursor}`),
        { status: 400 },
        JSON.stringify(position),
      )
    }
  })

  t.test('200 a change tells of itself, and enabling forgets the failures', async (t) => {
    const { body } = await make({ url: URL_1, types: ['app.*'] })
    const one = `${path}/${body.id}`
    await api.db.prisma.webhook.update({
      where: { id: body.id },
      data: { enabled: false, failingSince: new Date(0), disabledReason: 'it failed' },
    })
    t.match(await api.request('PATCH', one, { body: { types: [] } }), {
      body: { types: [], enabled: false, failingSince: '1970-01-01T00:00:00.000Z', disabledReason: 'it failed' },
    })
    t.match(await api.request('PATCH', one, { body: { enabled: true } }), {
      status: 200,
      body: { id: body.id, enabled: true, failingSince: null, disabledReason: null },
    })
    t.match(await api.request('PATCH', one, { body: { url: 'https://example.org/other' } }), {
      body: { url: 'https://example.org/other' },
    })
    t.match(await api.request('DELETE', one), { status: 204 })
    const { body: events } = await api.request('GET', '/v1/tenants/acme/events?type=webhook.*&limit=5')
    t.match(events.items, [
      { type: 'webhook.deleted', data: { id: body.id }, actor: 'token:bootstrap' },
      { type: 'webhook.updated', data: { id: body.id, enabled: true } },
      { type: 'webhook.updated', data: { id: body.id, enabled: true } },
      { type: 'webhook.updated', data: { id: body.id, enabled: false } },
      { type: 'webhook.created', data: { id: body.id, types: ['app.*'] } },
    ])
  })

  t.test('409 while a redelivery of the event is pending, however many ask for it at once', async (t) => {
    const { body } = await make({ url: URL_1, types: ['webhook.created', 'app.created'] })
    const one = `${path}/${body.id}`
    const { id: tenantId } = await api.db.prisma.tenant.findUniqueOrThrow({ where: { name: 'acme' } })
    await api.db.transaction(async (tx) => emit(tx, { tenantId, type: 'app.created', app: 'other' }))
    const [other, first] = (await api.request('GET', `${one}/deliveries`)).body.items
    const again = async (id = first.id) => await api.request('POST', `${one}/deliveries/${id}/redeliver`)
    const answers = await Promise.all(Array.from({ length: 8 }, async () => await again()))
    const [made, ...more] = answers.filter(({ status }) => status === 202)
    t.equal(more.length, 0)
    t.equal(answers.filter(({ status }) => status === 409).length, 7)
    t.match(await again(made?.body.id), { status: 409, body: { code: 'conflict' } }, 'it is the same event')
    t.match(await again(other.id), { status: 202 }, 'another event is another matter')
    await api.db.prisma.webhookDelivery.update({
      where: { id: made?.body.id },
      data: { status: 'succeeded', nextAttemptAt: null, finishedAt: new Date() },
    })
    t.match(await again(), { status: 202 }, 'once it has ended')
  })

  t.test('202 redelivers once for a key, and 409 while the webhook is disabled', async (t) => {
    const { body } = await make({ url: URL_1, types: ['webhook.created'] })
    const one = `${path}/${body.id}`
    const first = (await api.request('GET', `${one}/deliveries`)).body.items
    t.match(first, [{ type: 'webhook.created', status: 'pending', attempts: 0, redelivery: false }])
    const again = async () =>
      await api.request('POST', `${one}/deliveries/${first[0].id}/redeliver`, { headers: { 'idempotency-key': 'r-1' } })
    const answers = await Promise.all([again(), again(), again()])
    t.same(new Set(answers.map(({ text }) => text)).size, 1)
    t.match(answers[0], { status: 202, body: { event: first[0].event, redelivery: true, status: 'pending' } })
    t.same((await api.request('GET', String(answers[0]?.headers.location))).body, answers[0]?.body)
    await api.request('PATCH', one, { body: { enabled: false } })
    t.match(await api.request('POST', `${one}/deliveries/${first[0].id}/redeliver`), {
      status: 409,
      body: { code: 'conflict' },
    })
    t.equal(await api.db.prisma.webhookDelivery.count({ where: { webhookId: body.id } }), 2)
  })

  t.test('the metrics tell how many deliveries are due, and for how long the oldest has been', async (t) => {
    const { body } = await make({ url: URL_1, types: ['webhook.created'] })
    await api.db.prisma.$executeRaw`
      UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 hour' WHERE webhook_id = ${body.id}::uuid`
    const due = await api.db.prisma.webhookDelivery.count({
      where: { status: 'pending', nextAttemptAt: { lte: new Date() } },
    })
    const { text } = await api.request('GET', '/metrics')
    const figure = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
    t.equal(figure('moorage_webhook_deliveries_due'), due)
    const oldest = figure('moorage_webhook_delivery_oldest_seconds')
    t.ok(oldest >= 3600 && oldest < 3660, `${oldest}`)
  })

  t.test('200 pages deliveries newest first, each once, also those of one transaction', async (t) => {
    const { body } = await make({ url: URL_1, types: ['app.created'] })
    const { id: tenantId } = await api.db.prisma.tenant.findUniqueOrThrow({ where: { name: 'acme' } })
    for (let batch = 0; batch < 4; batch += 1)
      await api.db.transaction(async (tx) => {
        for (let nth = 0; nth < 4; nth += 1) emit(tx, { tenantId, type: 'app.created', app: `app-${batch}` })
      })
    const seen: { id: string; createdAt: string }[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body: page } = await api.request('GET', `${path}/${body.id}/deliveries?limit=3${query}`)
      seen.push(...page.items)
      cursor = page.nextCursor
    }
    t.equal(new Set(seen.map(({ id }) => id)).size, 16)
    t.equal(seen.length, 16)
    t.same(
      seen.map(({ createdAt }) => createdAt),
      seen
        .map(({ createdAt }) => createdAt)
        .toSorted()
        .toReversed(),
    )
  })

  t.test('409 past twenty webhooks of a tenant, however many ask at once', async (t) => {
    const answers = await Promise.all(
      Array.from(
        { length: 30 },
        async (_, nth) =>
          await api.request('POST', '/v1/tenants/other/webhooks', { body: { url: `https://example.com/${nth}` } }),
      ),
    )
    t.equal(await api.db.prisma.webhook.count({ where: { tenant: { name: 'other' } } }), 20)
    t.match(answers.find(({ status }) => status === 409)?.body, { code: 'conflict', detail: /at most 20/ })
  })

  t.test('webhooks that come and go under a stream of events stop nobody', async (t) => {
    const { id: tenantId } = await api.db.prisma.tenant.findUniqueOrThrow({ where: { name: 'acme' } })
    await api.db.prisma.webhook.deleteMany({ where: { tenantId } })
    const work = Array.from({ length: 60 }, async (_, nth) => {
      if (nth % 3 === 0) {
        const { status, body } = await make()
        if (status !== 201) return [status]
        const changed = await api.request('PATCH', `${path}/${body.id}`, { body: { enabled: false } })
        const gone = await api.request('DELETE', `${path}/${body.id}`)
        return [status, changed.status, gone.status]
      }
      await api.db.transaction(async (tx) => emit(tx, { tenantId, type: 'app.updated' }))
      return []
    })
    const statuses = new Set((await Promise.all(work)).flat())
    t.ok(
      [...statuses].every((status) => [200, 201, 204, 409].includes(status)),
      [...statuses].join(),
    )
  })

  t.test('a tenant takes its webhooks with it', async (t) => {
    t.match(await api.request('DELETE', '/v1/tenants/other'), { status: 204 })
    t.equal(await api.db.prisma.webhook.count({ where: { tenant: { name: 'other' } } }), 0)
  })
})
