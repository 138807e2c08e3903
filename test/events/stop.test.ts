import t from 'tap'
import { labDatabase } from '../lab/database.ts'
import { eventually } from '../lab/run.ts'
import { LAB_TOKEN, startServer } from '../lab/server.ts'
import { openStream } from './sse.ts'
import { createStreamGate, ensureAdminToken, newTokenText } from '../../src/modules/tokens/index.ts'
import { eventsLab } from './lab.ts'
import { newId } from '../../src/lib/ids.ts'
import { quiet } from '../lab/database.ts'

t.test(
  'SIGTERM ends streams with unavailable at once, also one that nobody reads, and the process with 0',
  async (t) => {
    const { url } = await labDatabase(t)
    const server = await startServer({ databaseUrl: url, roles: 'api' })
    await server.request('POST', '/v1/tenants', { body: { name: 'acme' } })
    const at = `${server.url}/v1/tenants/acme/events`
    const streams = await Promise.all([openStream(at, LAB_TOKEN), openStream(`${server.url}/v1/events`, LAB_TOKEN)])
    const paused = await openStream(`${at}?after=0`, LAB_TOKEN)
    paused.pause()
    const beganAt = performance.now()
    const exited = server.stop()
    for (const stream of streams) {
      t.equal(await stream.ended, true)
      t.match(stream.problem, { code: 'unavailable', status: 503 })
    }
    t.comment(`the streams ended after ${(performance.now() - beganAt).toFixed(0)} ms`)
    t.equal(await exited, 0)
    t.ok(performance.now() - beganAt < 10_000)
    paused.leave()
  },
)

t.test('a client that vanishes in the middle of what is written harms nobody', async (t) => {
  const { url } = await labDatabase(t)
  const server = await startServer({ databaseUrl: url, roles: 'api' })
  await server.request('POST', '/v1/tenants', { body: { name: 'acme' } })
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const stream = await openStream(`${server.url}/v1/events?after=0`, LAB_TOKEN)
      if (index % 2) await server.request('PATCH', '/v1/tenants/acme', { body: { displayName: `n${index}` } })
      stream.leave()
    }),
  )
  t.equal((await server.request('GET', '/healthz')).status, 200)
  t.equal(await server.stop(), 0)
  t.notOk(
    server.lines.some((line) => /"level":(50|60)|"level":"(error|fatal)"/.test(line)),
    'and no error is logged',
  )
})

t.test('a token has so many streams on a server, all tokens together so many, and closing makes room', async (t) => {
  const { db } = await eventsLab(t)
  const gate = createStreamGate({ db, log: quiet, most: { token: 2, tenant: 2, all: 3 } })
  t.teardown(async () => await gate.close())
  const [one, two] = [newId(), newId()].map(
    (id) => ({ kind: 'token', id, name: 'x', role: 'admin', tenant: null }) as const,
  )
  if (!one || !two) throw new Error('two')
  const first = gate.admit(one)
  gate.admit(one)
  t.throws(() => gate.admit(one), { code: 'too_many_streams' })
  gate.admit(two)
  t.throws(() => gate.admit(two), { code: 'unavailable' })
  first.close()
  first.close()
  t.equal(gate.open, 2)
  const again = gate.admit(one)
  await eventually('they are of no token that exists', () => again.signal.aborted)
  t.match(again.signal.reason, { code: 'unauthorized' })
  t.equal(gate.open, 0)
})

t.test('no tenant shuts the others out, however many tokens it has', async (t) => {
  const { db, acme, globex } = await eventsLab(t)
  const gate = createStreamGate({ db, log: quiet, most: { token: 9, tenant: 2, all: 9 } })
  t.teardown(async () => await gate.close())
  const of = (tenantId: string) =>
    ({ kind: 'token', id: newId(), name: 'x', role: 'viewer', tenant: { id: tenantId, name: 'x' } }) as const
  const first = gate.admit(of(acme))
  gate.admit(of(acme))
  t.throws(() => gate.admit(of(acme)), { code: 'too_many_streams' })
  gate.admit(of(globex))
  first.close()
  first.close()
  gate.admit(of(acme))
  t.throws(() => gate.admit(of(acme)), { code: 'too_many_streams' })
})

t.test('a database that says nothing for five seconds ends streams: a revocation would not be seen', async (t) => {
  const { db } = await eventsLab(t)
  await ensureAdminToken(db, newTokenText())
  const { id } = await db.prisma.token.findFirstOrThrow()
  let mute = false
  const gate = createStreamGate({
    db: {
      ...db,
      prisma: new Proxy(db.prisma, {
        get: (target, key) =>
          key === '$queryRaw' && mute ? async () => await new Promise(() => {}) : Reflect.get(target, key),
      }),
    },
    log: quiet,
  })
  t.teardown(async () => await gate.close())
  const { signal } = gate.admit({ kind: 'token', id, name: 'x', role: 'admin', tenant: null })
  const until = performance.now() + 1200
  await eventually('it was looked at', () => performance.now() > until)
  t.notOk(signal.aborted)
  mute = true
  await eventually('it is over', () => signal.aborted)
  t.match(signal.reason, { code: 'unavailable' })
  mute = false
  const later = gate.admit({ kind: 'token', id, name: 'x', role: 'admin', tenant: null })
  const seen = performance.now() + 3000
  await eventually('looks go on although one never ended', () => performance.now() > seen)
  t.notOk(later.signal.aborted, 'and what is opened then stays')
})
