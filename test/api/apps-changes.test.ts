import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { appClient, composeOf, end, rollBack, start, succeed } from './scene.ts'

t.test('changing an app that runs', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  await api.tenant('other')
  const { prisma } = api.db

  /** An app whose releases 1 … `releases` have all succeeded. */
  const deployed = async (name: string, releases = 1) => {
    const shop = appClient(api, acme, name)
    for (let tag = 1; tag <= releases; tag += 1) {
      await succeed(api, (await shop.apply({ compose: composeOf({ tag: String(tag) }) })).body.operation.id)
    }
    return shop
  }
  const rowOf = async (id: string) => await prisma.operation.findUniqueOrThrow({ where: { id } })

  t.test(
    '202 scales the named services; 200 to what is wanted already; 422 for what the spec does not have',
    async (t) => {
      const shop = await deployed('scale')
      const { status, body } = await shop.post('/scale', { services: { web: 5, db: 1 } })
      t.match({ status, operation: body.operation }, { status: 202, operation: { kind: 'scale', release: 1 } })
      t.same((await rowOf(body.operation.id)).patch, { replicas: { web: 5 } })
      t.same((await shop.get()).body.wanted.replicas, { web: 5, db: 1 })
      t.match(await shop.post('/scale', { services: { web: 5 } }), { status: 200, body: { operation: null } })
      t.match(await shop.post('/scale', { services: { nope: 1 } }), {
        status: 422,
        body: { errors: [{ path: '/body/services/nope' }] },
      })
      t.match(await shop.post('/scale', { services: { constructor: 1 } }), { status: 422 })
      t.equal((await shop.post('/scale', { services: {} })).status, 400)
      t.equal((await shop.post('/scale', { services: { web: -1 } })).status, 400)
    },
  )

  t.test('422 scales no service with a fixed host port beyond one', async (t) => {
    const shop = appClient(api, acme, 'fixed')
    const { body } = await shop.apply({ compose: 'services: { web: { image: a/b, ports: ["8080:80"] } }' })
    await succeed(api, body.operation.id)
    t.match(await shop.post('/scale', { services: { web: 2 } }), { status: 422, body: { code: 'unsupported' } })
    t.equal((await shop.post('/scale', { services: { web: 0 } })).status, 202)
  })

  t.test(
    'stop, start and restart: 202 where it changes something, 200 where not, 409 for what makes no sense',
    async (t) => {
      const shop = await deployed('power')
      t.match(await shop.post('/start'), { status: 200, body: { operation: null } })
      t.match(await shop.post('/stop'), { status: 202, body: { operation: { kind: 'stop' } } })
      t.match(await shop.post('/stop'), { status: 200, body: { operation: null } })
      t.match(await shop.post('/restart'), { status: 409, body: { code: 'conflict' } })
      t.match(await shop.post('/start'), { status: 202, body: { operation: { kind: 'start' } } })
      t.match(await shop.post('/restart', {}), { status: 202, body: { operation: { kind: 'restart' } } })
      t.match(await shop.post('/restart'), { status: 202 })
      t.match((await shop.get()).body.wanted, { running: true, restartGeneration: 2 })
    },
  )

  t.test('202 rolls back to the last release that succeeded before the wanted one, or to the named one', async (t) => {
    const shop = await deployed('back', 2)
    await rollBack(api, (await shop.apply({ compose: composeOf({ tag: 'bad' }) })).body.operation.id)
    await succeed(api, (await shop.apply({ compose: composeOf({ tag: '4' }) })).body.operation.id)
    t.match((await shop.get()).body.wanted, { release: 4 })
    const back = await shop.post('/rollback')
    t.match(back, { status: 202, body: { operation: { kind: 'rollback', release: 2 } } })
    await succeed(api, back.body.operation.id)
    t.match(await shop.post('/rollback', { release: 4 }), { status: 202, body: { operation: { release: 4 } } })
    t.match(await shop.post('/rollback', { release: 9 }), { status: 404 })
    t.equal((await shop.get('/releases')).body.items.length, 4, 'no release is made')
  })

  t.test('409 where no release before has succeeded', async (t) => {
    const shop = await deployed('first')
    t.match(await shop.post('/rollback'), { status: 409, body: { code: 'conflict' } })
  })

  t.test('202 deploys other images and variables as a new release; what was scaled stays', async (t) => {
    const shop = await deployed('deploy')
    await succeed(api, (await shop.post('/scale', { services: { web: 5 } })).body.operation.id)
    const made = await shop.post('/deployments', {
      images: { web: 'registry.example.com/shop/web:7' },
      env: { web: { PASSWORD: null, MODE: 'fast' } },
    })
    t.match(made, { status: 202, body: { operation: { kind: 'deploy', release: 2 } } })
    const { spec } = (await shop.get('/releases/2')).body
    t.match(spec.services.web, { image: 'registry.example.com/shop/web:7' })
    t.same(spec.services.web.environment, { MODE: 'fast' })
    t.match((await shop.get()).body.wanted, { release: 2, replicas: { web: 5, db: 1 } })

    t.match(await shop.post('/deployments', { release: 1 }), { status: 202, body: { operation: { release: 1 } } })
    t.match(await shop.post('/deployments', { release: 1, env: { db: { A: '1' } } }), {
      status: 202,
      body: { operation: { release: 3 } },
    })
    t.same((await shop.get('/releases/3')).body.spec.services.web.environment, { PASSWORD: 'hunter2' })
    t.match(await shop.post('/deployments', {}), { status: 400 })
    t.match(await shop.post('/deployments', { images: { constructor: 'a' } }), { status: 422 })
    t.match(await shop.post('/deployments', { images: { web: 'not an image' } }), { status: 400 })
  })

  t.test('409 for an app that has no release', async (t) => {
    const shop = appClient(api, acme, 'none')
    await rollBack(api, (await shop.apply({ compose: composeOf() })).body.operation.id)
    t.match((await shop.get()).body.wanted, { release: null })
    for (const [below, body] of [
      ['/scale', { services: { web: 1 } }],
      ['/stop', {}],
      ['/restart', {}],
      ['/rollback', {}],
      ['/deployments', { images: { web: 'a' } }],
    ] as const) {
      t.match(await shop.post(below, body), { status: 409, body: { code: 'conflict' } }, below)
    }
    t.match(await shop.apply({ compose: composeOf() }), { status: 202, body: { operation: { release: 2 } } })
  })

  t.test('202 removes the app: everything else gives way, and nothing may change it any more', async (t) => {
    const shop = await deployed('remove')
    const restart = (await shop.post('/restart')).body.operation
    const removed = await shop.remove('?volumes=true')
    t.match(removed, { status: 202, body: { operation: { kind: 'remove' } } })
    t.same((await rowOf(removed.body.operation.id)).params, { removeVolumes: true })
    t.match((await shop.operation(restart.id)).body, { status: 'cancelled', error: { code: 'superseded' } })
    t.match((await shop.get()).body, { removing: true, wanted: { release: null } })
    t.match(await shop.apply({ compose: composeOf() }), { status: 409, body: { code: 'conflict' } })
    t.match(await shop.post('/stop'), { status: 409 })
    t.equal((await shop.remove('?volumes=true')).body.operation.id, removed.body.operation.id)
    t.match(await shop.remove(), { status: 409, body: { code: 'conflict' } })
  })

  t.test('cancelling a queued deploy ends it and sets the wanted state back', async (t) => {
    const shop = await deployed('cancel')
    const { wanted, version } = (await shop.get()).body
    const { operation } = (await shop.apply({ compose: composeOf({ tag: '2', replicas: 4 }) })).body
    t.match(await shop.cancel(operation.id), {
      status: 202,
      body: { operation: { id: operation.id, status: 'cancelled', error: { code: 'cancelled' } } },
    })
    t.match((await shop.get()).body, { wanted, version: version + 2 })
    t.match(await shop.cancel(operation.id), { status: 409, body: { code: 'conflict' } })
    t.match(await shop.apply({ compose: composeOf({ tag: '2', replicas: 4 }) }), {
      status: 202,
      body: { operation: { status: 'queued' } },
    })
  })

  t.test('cancelling a queued removal makes the app as it was', async (t) => {
    const shop = await deployed('keep')
    const { wanted } = (await shop.get()).body
    await shop.cancel((await shop.remove()).body.operation.id)
    t.match((await shop.get()).body, { removing: false, wanted })
    t.equal((await shop.post('/restart')).status, 202)
  })

  t.test('cancelling one of several takes back only its own', async (t) => {
    const shop = await deployed('several')
    const scale = (await shop.post('/scale', { services: { web: 5 } })).body.operation
    const stop = (await shop.post('/stop')).body.operation
    const again = (await shop.post('/scale', { services: { web: 3 } })).body.operation
    await shop.cancel(scale.id)
    t.match((await shop.get()).body.wanted, { replicas: { web: 3 }, running: false })
    await shop.cancel(again.id)
    t.match((await shop.get()).body.wanted, { replicas: { web: 2 }, running: false })
    await shop.cancel(stop.id)
    t.match((await shop.get()).body.wanted, { replicas: { web: 2 }, running: true })
  })

  t.test('cancelling one that waits behind a running deploy leaves what that deploy wants', async (t) => {
    const shop = await deployed('behind')
    const running = (await shop.apply({ compose: composeOf({ tag: '2' }) })).body.operation
    await start(api, running.id)
    const waiting = (await shop.apply({ compose: composeOf({ tag: '3' }) }, { query: '?supersede=queue' })).body
      .operation
    t.match(await shop.cancel(waiting.id), { body: { operation: { status: 'cancelled' } } })
    t.match((await shop.get()).body.wanted, { release: 2 })
  })

  t.test('cancelling one that took the place of a running deploy stays queued, to go back for both', async (t) => {
    const shop = await deployed('inherit')
    const running = (await shop.apply({ compose: composeOf({ tag: '2' }) })).body.operation
    await start(api, running.id)
    const newer = (await shop.apply({ compose: composeOf({ tag: '3' }) })).body.operation
    t.match(await shop.cancel(newer.id), { status: 202, body: { operation: { status: 'queued' } } })
    t.equal((await rowOf(newer.id)).cancelRequested, true)
    const newest = (await shop.apply({ compose: composeOf({ tag: '3' }) })).body.operation
    t.not(newest.id, newer.id, 'the same spec again is a new operation')
    t.match((await shop.operation(newer.id)).body, { status: 'cancelled', error: { code: 'superseded' } })
  })

  t.test('cancelling a running one asks its runner', async (t) => {
    const shop = await deployed('ask')
    const { operation } = (await shop.post('/restart')).body
    await start(api, operation.id)
    t.match(await shop.cancel(operation.id), { status: 202, body: { operation: { status: 'running' } } })
    t.equal((await rowOf(operation.id)).cancelRequested, true)
    t.match((await shop.get()).body.wanted, { restartGeneration: 1 }, 'its runner sets the wanted state back')
  })

  t.test('a deploy that fails takes back only what is its own', async (t) => {
    const shop = await deployed('own')
    const bad = (await shop.apply({ compose: composeOf({ tag: 'bad', replicas: 4 }) })).body.operation
    await start(api, bad.id)
    await shop.post('/scale', { services: { db: 2 } })
    await rollBack(api, bad.id)
    t.match((await shop.get()).body.wanted, { release: 1, replicas: { web: 2, db: 2 } })
    t.match(await shop.apply({ compose: composeOf({ tag: 'bad', replicas: 4 }) }), {
      status: 202,
      body: { operation: { release: 3 } },
    })
  })

  t.test('what waits behind a first deploy that fails ends with it, for it has nothing to change', async (t) => {
    const shop = appClient(api, acme, 'nothing')
    const first = (await shop.apply({ compose: composeOf() })).body.operation
    await start(api, first.id)
    const scale = (await shop.post('/scale', { services: { web: 3 } })).body.operation
    await rollBack(api, first.id)
    t.match((await shop.operation(scale.id)).body, { status: 'failed', error: { code: 'conflict' } })
    t.match((await shop.get()).body.wanted, { release: null, replicas: {} })
  })

  t.test('cancelling one that waits behind the one that puts it right ends it at once', async (t) => {
    const shop = await deployed('third')
    const first = (await shop.apply({ compose: composeOf({ tag: '2' }) })).body.operation
    await start(api, first.id)
    await shop.apply({ compose: composeOf({ tag: '3' }) })
    await end(api, first.id, 'cancelled', { code: 'superseded', message: 'a newer one' })
    const stop = (await shop.post('/stop')).body.operation
    t.match(await shop.cancel(stop.id), { body: { operation: { status: 'cancelled' } } })
    t.match((await shop.get()).body.wanted, { release: 3, running: true })
  })

  t.test('a deploy carries on what the one whose place it takes would have brought', async (t) => {
    const shop = await deployed('carry')
    await succeed(api, (await shop.post('/stop')).body.operation.id)
    await shop.apply({ compose: composeOf({ tag: '2' }) })
    const newer = (await shop.post('/deployments', { env: { web: { A: '1' } } })).body.operation
    t.match((await rowOf(newer.id)).patch, { release: 3, running: true })
    await succeed(api, newer.id)
    t.match((await shop.get()).body, { currentRelease: 3, wanted: { release: 3, running: true } })
  })
})

t.test('422 where deployments would make the app larger than a document may be', async (t) => {
  const api = await apiHarness(t)
  const shop = appClient(api, await api.tenant('acme'))
  await shop.apply({ compose: composeOf() })
  const value = 'x'.repeat(120_000)
  const statuses: number[] = []
  for (let nth = 0; nth < 6; nth += 1) {
    const web = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`V${nth}_${at}`, value]))
    statuses.push((await shop.post('/deployments', { env: { web } })).status)
  }
  t.same(statuses, [202, 202, 202, 202, 422, 422])
})
