import t from 'tap'
import { emit } from '../../src/events/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { type LogClient, logScene } from './logs-scene.ts'

const SSE = 'text/event-stream'
const NDJSON = 'application/x-ndjson'

/** Events of a stream, with their data read. */
function eventsOf(text: string) {
  const parts = text.split('\n\n').slice(0, -1)
  return parts
    .filter((part) => !part.startsWith(':'))
    .map((part) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? ''
      return { event: field('event'), id: field('id'), data: JSON.parse(field('data')) }
    })
}

if (await requireEngines(t)) {
  const engine = await startEngine({ tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)

  await t.test('200 has the lines of all instances in the order of time, in three formats', async (t) => {
    const scene = await logScene(t, engine)
    const one = await scene.start('for n in 1 3 5; do echo one $n; usleep 400000; done', { name: 'one' })
    const two = await scene.start('usleep 200000; for n in 2 4 6; do echo two $n >&2; usleep 400000; done', {
      ...{ name: 'two', service: 'db' },
    })
    const all = await eventually('all is written', async () => {
      const text = await scene.read()
      return text.split('\n').length === 7 && text
    })
    const documents = (await scene.read('', NDJSON))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    t.equal(all, documents.map(({ instance, text }) => `${instance} | ${text}\n`).join(''))
    const times = documents.map(({ time }) => time)
    t.strictSame(
      times,
      times.toSorted((a, b) => (a < b ? -1 : 1)),
      'merged in order',
    )
    t.match(documents, [...Array.from({ length: 6 }, () => ({ time: /^\d{4}-.*\.\d{9}Z$/, cut: false }))])
    t.match(
      documents.find(({ instance }) => instance === 'two'),
      { service: 'db', instanceId: two.id, stream: 'stderr', text: /^two/ },
    )
    t.match(
      documents.find(({ instance }) => instance === 'one'),
      { service: 'web', instanceId: one.id, stream: 'stdout' },
    )
    const events = eventsOf(await scene.read('', SSE))
    t.strictSame(
      events.map(({ data }) => data),
      documents,
    )
    t.ok(events.every(({ event, id }) => event === 'line' && id !== ''))
    t.equal(await scene.read('?tail=2'), all.split('\n').slice(4).join('\n'), 'the last of all together')
    t.equal(await scene.read('?tail=0'), '')
    t.match(await scene.read('?service=db'), /^(two \| two \d\n){3}$/)
    t.match(await scene.read(`?instance=${one.id}`), /^(one \| one \d\n){3}$/)
    t.match(await scene.read('?instance=one&timestamps=true'), /^(\d{4}-\S+\.\d{9}Z one \| one \d\n){3}$/)
    const since = documents[3].time
    t.equal(await scene.read(`?tail=all&since=${since}`), all.split('\n').slice(3).join('\n'), 'since is exact')
    t.equal(await scene.read('?since=1h'), all)
    // Going on after each line brings what comes later, and nothing twice.
    for (const [nth, { id }] of events.entries()) {
      const rest = await scene.open('', { accept: SSE, lastEventId: id })
      await eventually('it ends', () => rest.over)
      t.strictSame(
        eventsOf(rest.text).map(({ data }) => data),
        documents.slice(nth + 1),
      )
    }
  })

  await t.test('400, 401, 404: what is wrong is named, and another tenant’s app is not', async (t) => {
    const scene = await logScene(t, engine)
    await scene.start('echo hello')
    const { api, acme, other } = scene
    const path = '/v1/tenants/acme/apps/shop/logs'
    const ask = async (query: string, headers = {}) =>
      await api.request('GET', `${path}${query}`, { token: acme.viewer, headers })
    for (const [query, where] of [
      ['?tail=-1', 'tail'],
      ['?tail=10001', 'tail'],
      ['?tail=many', 'tail'],
      ['?since=yesterday', 'since'],
      ['?since=2026-02-30T00:00:00Z', 'since'],
      ['?since=2026-13-01T00:00:00Z', 'since'],
      ['?service=-', 'service'],
      ['?instance=../etc', 'instance'],
      ['?follow=maybe', 'follow'],
      ['?color=blue', 'color'],
    ] as const) {
      const answer = await ask(query)
      t.equal(answer.status, 400, query)
      t.match(answer.body.errors, [{ path: new RegExp(`^/query(/${where})?$`) }], query)
    }
    for (const id of ['nonsense', '1-', `${'0'.repeat(13)}-1`, 'zzzzzzzz-1.00-1-1', 'tk-1.aaaaaaaaaaaa-1-1-0', '%00']) {
      const answer = await ask('', { accept: SSE, 'last-event-id': id })
      t.equal(answer.status, 400, id)
      t.match(answer.body.errors, [{ path: '/headers/last-event-id' }])
    }
    t.equal((await ask('?service=nobody')).status, 404)
    t.equal((await ask('?instance=nobody')).status, 404)
    t.equal((await ask('?instance=01a2078e-e01a-73a9-ad66-65e7e5c201f7')).status, 404)
    t.equal((await api.request('GET', '/v1/tenants/acme/apps/none/logs', { token: acme.viewer })).status, 404)
    t.equal((await api.request('GET', path, { token: other.viewer })).status, 404)
    t.equal((await api.request('GET', '/v1/tenants/other/apps/shop/logs', { token: other.viewer })).status, 404)
    t.equal((await api.request('GET', path, { token: null })).status, 401)
  })

  await t.test('text is as it was written: colours, terminals, long lines and bytes that are no text', async (t) => {
    const scene = await logScene(t, engine)
    await scene.start('printf "\\033[31mred\\033[0m\\n"; printf "\\377\\376x\\n"; printf "no break"', { name: 'raw' })
    await scene.start('printf "\\033[1mbold\\033[0m\\n"; echo second', { name: 'tty', flags: ['-t'] })
    await scene.start(
      'head -c 40000 /dev/zero | tr "\\0" a; echo; head -c 102400 /dev/zero | tr "\\0" b; echo; echo end',
      {
        name: 'long',
      },
    )
    await scene.start('echo lost', { name: 'none', flags: ['--log-driver', 'none'] })
    const text = await eventually('all is written', async () => {
      const got = await scene.read()
      return got.includes('long | end\n') && got.includes('second') && got.includes('no break') && got
    })
    t.match(text, 'raw | \u001b[31mred\u001b[0m\n')
    t.match(text, 'raw | \ufffd\ufffdx\n')
    t.match(text, 'raw | no break\n')
    t.match(text, 'tty | \u001b[1mbold\u001b[0m\ntty | second\n', 'no carriage returns of a terminal')
    t.match(text, `long | ${'a'.repeat(40_000)}\n`)
    t.match(text, `long | ${'b'.repeat(65_536)} … [cut at 64 KiB]\nlong | end\n`)
    t.match(text, "moorage: none: the container's log driver keeps nothing that can be read\n")
    const documents = (await scene.read('', NDJSON)).split('\n').filter((line) => line !== '')
    t.match(
      documents.map((line) => JSON.parse(line)).find(({ notice }) => notice),
      { notice: { instance: 'none', code: 'unsupported' } },
    )
    const cut = documents.map((line) => JSON.parse(line)).filter(({ cut }) => cut)
    t.match(cut, [{ text: 'b'.repeat(65_536) }])
  })

  await t.test(
    'what is followed goes on: instances join, leave, and go on where they were after a restart',
    async (t) => {
      const scene = await logScene(t, engine)
      const { prisma } = scene.api.db
      const talk = 'n=0; while :; do n=$((n+1)); echo $(hostname) $n; usleep 20000; done'
      const counter =
        'mkdir -p /tmp; n=$(cat /tmp/n 2>/dev/null || echo 0); while :; do n=$((n+1)); echo $n > /tmp/n; echo $n; usleep 20000; done'
      const first = await scene.start(counter, { name: 'first' })
      const client = await scene.open('?follow=true&tail=all')
      t.equal(client.status, 200)
      await eventually('lines come', () => client.lines.length > 20)
      const second = await scene.start(talk, { name: 'second' })
      await eventually('the second has joined', () => client.text.includes('second | '), 10_000)
      await engine.docker(['restart', '-t', '0', first.nativeId])
      await prisma.instance.update({ where: { id: first.id }, data: { startedAt: new Date(), restarts: 1 } })
      const { id: tenantId } = await prisma.tenant.findFirstOrThrow({ where: { name: 'acme' } })
      await scene.api.db.transaction(async (tx) => {
        emit(tx, { tenantId, type: 'instance.changed', app: 'shop', data: { id: first.id, name: 'first' } })
      })
      const numbers = () => client.lines.flatMap((line) => (line.startsWith('first | ') ? [Number(line.slice(8))] : []))
      const before = numbers().length
      await eventually('the first goes on', () => numbers().length > before + 50)
      const got = numbers()
      // What is written last before a kill may not have got into the file that counts.
      const twice = got.filter((number, nth) => got.indexOf(number) !== nth)
      t.ok(twice.length <= 1, `none twice but one that was counted again: ${twice.join()}`)
      t.strictSame(
        [...new Set(got)],
        Array.from({ length: new Set(got).size }, (_, nth) => nth + 1),
        'none is missing',
      )
      await engine.docker(['rm', '-f', second.nativeId])
      await prisma.instance.delete({ where: { id: second.id } })
      await eventually('one log is left', () => scene.engineStreams() <= 1)
      t.notOk(client.over, 'and the others go on')
      await prisma.app.deleteMany({ where: { name: 'shop' } })
      await engine.docker(['rm', '-f', first.nativeId])
      await eventually('a removed app ends it', () => client.over)
      t.equal(client.lines.filter((line) => line.startsWith('moorage: ')).length, 0)
    },
  )

  await t.test('a stream that breaks off anywhere goes on by its last id without a loss or a double', async (t) => {
    const scene = await logScene(t, engine)
    for (const name of ['a', 'b'])
      await scene.start('n=0; while [ $n -lt 400 ]; do n=$((n+1)); echo $n; done; sleep 1000', { name })
    const got: Record<string, number[]> = { a: [], b: [] }
    let lastEventId: string | undefined
    for (let round = 0; (got.a?.length ?? 0) + (got.b?.length ?? 0) < 800; round++) {
      const client = await scene.open('?follow=true&tail=all', {
        accept: SSE,
        ...(lastEventId !== undefined && { lastEventId }),
      })
      await eventually('something comes', () => eventsOf(client.text).length > 0)
      client.leave()
      // As if the connection had broken anywhere in what has come.
      const events = eventsOf(client.text)
      for (const { id, data } of events.slice(0, round % 2 === 0 ? Math.ceil(events.length / 3) : 37)) {
        got[data.instance]?.push(Number(data.text))
        lastEventId = id
      }
    }
    const wanted = Array.from({ length: 400 }, (_, nth) => nth + 1)
    t.strictSame(got, { a: wanted, b: wanted })
  })

  await t.test('a client that goes away leaves nothing open at the engine, within a second', async (t) => {
    const scene = await logScene(t, engine)
    await scene.start('echo quiet; sleep 1000', { name: 'quiet' })
    await scene.start('while :; do echo busy; done', { name: 'busy' })
    const clients: LogClient[] = []
    for (let nth = 0; nth < 4; nth++) clients.push(await scene.open('?follow=true', { accept: nth % 2 ? SSE : NDJSON }))
    await eventually('all get lines', () => clients.every((client) => client.text.includes('busy')))
    await eventually('eight logs are followed', () => scene.engineStreams() >= 8)
    const began = performance.now()
    for (const client of clients) client.leave()
    await eventually('none is left', () => scene.engineStreams() === 0, 10_000)
    const tookMs = performance.now() - began
    t.ok(tookMs < 1000, `${tookMs.toFixed(0)} ms`)
  })

  await t.test('a revoked token ends its streams, and so does the end of the server, with a word', async (t) => {
    const scene = await logScene(t, engine)
    const { api, acme } = scene
    await scene.start('echo hello; sleep 1000')
    const made = await api.request('POST', '/v1/tenants/acme/tokens', {
      token: acme.owner,
      body: { name: 'tail', role: 'viewer' },
    })
    const plain = await scene.open('?follow=true', { token: made.body.token })
    const events = await scene.open('?follow=true', { token: made.body.token, accept: SSE })
    await eventually('they get lines', () => plain.text.includes('hello') && events.text.includes('hello'))
    await api.request('DELETE', `/v1/tenants/acme/tokens/${made.body.id}`, { token: acme.owner })
    const began = performance.now()
    await eventually('both end', () => plain.over && events.over)
    t.ok(performance.now() - began < 2000)
    t.match(plain.lines.at(-1), /^moorage: unauthorized: /)
    t.match(eventsOf(events.text).at(-1), { event: 'error', data: { code: 'unauthorized' } })
    await eventually('nothing is open', () => scene.engineStreams() === 0)
    const last = await scene.open('?follow=true')
    await eventually('it gets lines', () => last.text.includes('hello'))
    await api.app.close()
    await eventually('it ends', () => last.over)
    t.match(last.lines.at(-1), /^moorage: unavailable: /)
  })
}
