import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import ssh2 from 'ssh2'
import t, { type Test } from 'tap'
import { connectEngine, type Engine, type EngineRequest } from '../../src/drivers/docker/engine.ts'
import type { SshEndpoint } from '../../src/drivers/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { eventually } from '../lab/run.ts'
import { startSshd } from '../lab/sshd.ts'
import { failure, freely } from './build.ts'

const call = freely()
const INFO: EngineRequest = { method: 'GET', path: '/info' }
const EVENTS: EngineRequest = { method: 'GET', path: '/events' }

function reach(t: Pick<Test, 'teardown'>, ssh: SshEndpoint): Engine {
  const engine = connectEngine({ ssh })
  t.teardown(() => engine.close())
  return engine
}

// All names of one length: the engine's filter takes the beginning of one for it.
let volumes = 100
const makeVolume = async (engine: Engine, Name: string): Promise<unknown> =>
  await engine.request(call, { method: 'POST', path: '/volumes/create', body: { Name } })

/** Follows the engine's events; resolves once the stream has brought one. `next` is the one after it, or what the stream failed with. */
async function follow(engine: Engine): Promise<{ next: Promise<unknown> }> {
  const since = Math.floor((await engine.clockMs(call)) / 1000)
  const name = `opened-${++volumes}`
  await makeVolume(engine, name)
  const events = engine.stream(call, { ...EVENTS, query: { since, filters: { volume: [name, 'seen-by-all'] } } })
  const opened = await events.next()
  if (opened.done || !String(opened.value).includes(name)) throw new Error('no event of the volume')
  const next = events
    .next()
    .then(
      ({ value }) => String(value),
      (error: unknown) => error,
    )
    .finally(() => void events.return(undefined))
  return { next }
}

if (await requireEngines(t)) {
  const lab = await startEngine({ tcp: false })
  t.teardown(async () => await lab.stop())
  const sshd = await startSshd(lab)
  const isUp = async (engine: Engine): Promise<boolean> => (await failure(engine.request(call, INFO))).error === null

  t.test('one connection carries all calls, and more streams than a server gives sessions', async (t) => {
    const engine = reach(t, sshd.endpoint)
    const before = sshd.logins()
    const streams = await Promise.all(Array.from({ length: 14 }, async () => await follow(engine)))
    const calls = Array.from({ length: 20 }, async () => await engine.request<{ NCPU: number }>(call, INFO))
    for (const { NCPU } of await Promise.all(calls)) t.ok(NCPU > 0)
    t.equal(sshd.connections(), 1)
    await makeVolume(engine, 'seen-by-all')
    for (const { next } of streams) t.match(await next, /seen-by-all/)
    t.equal(sshd.logins() - before, 1)
    engine.close()
    await eventually('the server has no connection any more', () => sshd.connections() === 0)
    t.match((await failure(engine.request(call, INFO))).error, { code: 'host_unreachable', message: /was closed/ })
  })

  t.test('bytes come through as they are, many and while others wait', async (t) => {
    const engine = reach(t, sshd.endpoint)
    const body = {
      Name: 'wide',
      Labels: Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`l${n}`, 'é'.repeat(300)])),
    }
    await engine.request(call, { method: 'POST', path: '/volumes/create', body })
    const answers = await Promise.all(
      Array.from(
        { length: 8 },
        async () => await engine.request<typeof body>(call, { method: 'GET', path: '/volumes/wide' }),
      ),
    )
    for (const { Labels } of answers) t.same(Labels, body.Labels)
  })

  t.test('a server of several keys shows the one that is pinned', async (t) => {
    for (const type of ['ed25519', 'ecdsa', 'rsa'] as const)
      t.ok(await isUp(reach(t, { ...sshd.endpoint, knownHost: sshd.hostKey(type) })), type)
    const all = `# of two\n[a]:22,|1|x|y ${sshd.hostKey('rsa')} root@a\n\n${sshd.hostKey('ecdsa')}\n`
    t.ok(await isUp(reach(t, { ...sshd.endpoint, knownHost: all })), 'any of several')
  })

  t.test('what keeps from reaching the engine is named', async (t) => {
    const says = async (what: string, different: Partial<SshEndpoint>, message: RegExp): Promise<void> => {
      const { error } = await failure(reach(t, { ...sshd.endpoint, ...different }).request(call, INFO))
      t.match(error, { code: 'host_unreachable', message }, what)
      t.notMatch(error, { message: /PRIVATE|BEGIN/ })
      t.notMatch(
        error,
        { message: /\d+\.\d+\.\d+\.|no-such|root|nobody|\.sock/ },
        'nor where it is, and as whom we come',
      )
    }
    await says(
      'a wrong key',
      { privateKey: await sshd.strangersKey() },
      /refuses its user's login with the key SHA256:/,
    )
    await says('a user without that key', { user: 'nobody' }, /refuses its user's login/)
    await says('no socket', { socketPath: "/no/it's.sock" }, /socket for its user: there is no socket/)
    await says('no server', { port: 2 }, /SSH server: the connection was refused/)
    await says('no such name', { host: 'no-such-host.invalid' }, /SSH server: its name/)
    await lab.kill()
    await says('a dead engine', {}, /no engine listens there/)
    await lab.restart()
    await sshd.start(['AllowStreamLocalForwarding no'])
    await says('no forwarding', {}, /the server forwards no sockets \(AllowStreamLocalForwarding/)
    await sshd.start()
  })

  t.test('a killed server breaks calls and streams at once; it is found again when it is back', async (t) => {
    const engine = reach(t, sshd.endpoint)
    const { next } = await follow(engine)
    // An answer that does not come for a minute.
    const slow = failure(engine.request(call, { ...EVENTS, query: { until: 9_999_999_999 }, timeoutMs: 60_000 }))
    await sshd.kill()
    t.match(await next, { code: 'host_unreachable' })
    t.match((await slow).error, { code: 'host_unreachable' })
    t.ok((await slow).ms < 20_000)
    const refused = await failure(engine.request(call, INFO))
    t.match(refused.error, { code: 'host_unreachable' })
    const again = await Promise.all(Array.from({ length: 50 }, async () => await failure(engine.request(call, INFO))))
    for (const { error } of again) t.match(error, { code: 'host_unreachable', message: /SSH server: / })
    const before = sshd.logins()
    await sshd.start()
    await eventually('it is up', async () => await isUp(engine))
    t.equal(sshd.logins() - before, 1)
  })

  t.test('a changed host key is host_identity_mismatch, with what was found; nobody logs in there', async (t) => {
    const pinned = sshd.endpoint
    const before = sshd.logins()
    await sshd.changeHostKeys()
    await sshd.start()
    const engine = reach(t, pinned)
    const { error } = await failure(engine.request(call, INFO))
    t.match(error, {
      code: 'host_identity_mismatch',
      message: /it shows the host key SHA256:[\w+/]{43}, and SHA256:[\w+/]{43} is pinned.*change the host's endpoint/,
    })
    const cached = await failure(engine.request(call, INFO))
    t.match(cached.error, { code: 'host_identity_mismatch' }, 'until the next attempt as well')
    t.equal(sshd.logins(), before)
    t.ok(await isUp(reach(t, { ...pinned, knownHost: sshd.hostKey('ed25519') })))
    await sshd.start(['HostKeyAlgorithms rsa-sha2-512'])
    const { error: none } = await failure(
      reach(t, { ...pinned, knownHost: sshd.hostKey('ed25519') }).request(call, INFO),
    )
    t.match(none, { code: 'host_identity_mismatch', message: /no host key of the pinned type \(ssh-ed25519\)/ })
    await sshd.start()
  })

  t.test('a server that is cut off is noticed by streams, and found again', async (t) => {
    const engine = reach(t, { ...sshd.endpoint, knownHost: sshd.hostKey('ed25519') })
    const { next } = await follow(engine)
    await lab.cutOff()
    const noticed = await failure(next.then((error) => Promise.reject(error as Error)))
    t.match(noticed.error, { code: 'host_unreachable' })
    t.ok(noticed.ms < 30_000, `${noticed.ms} ms`)
    await lab.heal()
    await eventually('it is up', async () => await isUp(engine))
  })
}

/** Something that is no SSH server; its port. */
async function listen(t: Pick<Test, 'teardown'>, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

t.test('what takes connections and is no SSH server is told in time', async (t) => {
  const { private: privateKey, public: knownHost } = ssh2.utils.generateKeyPairSync('ed25519')
  const endpoint = { host: '127.0.0.1', user: 'root', privateKey, knownHost, socketPath: '/run/docker.sock' }
  const http = await listen(t, createHttpServer())
  const web = await failure(reach(t, { ...endpoint, port: http }).request(call, INFO))
  t.match(web.error, { code: 'host_unreachable', message: /SSH server: / })
  const open = new Set<Socket>()
  const silent = createServer((socket) => {
    open.add(
      socket
        .resume()
        .on('error', () => {})
        .once('close', () => open.delete(socket)),
    )
  })
  const engine = reach(t, { ...endpoint, port: await listen(t, silent) })
  const reason = new Error('enough')
  const { error, ms } = await failure(engine.request({ signal: AbortSignal.abort(reason) }, INFO))
  t.equal(error, reason)
  t.ok(ms < 5000)
  const abort = new AbortController()
  const aborted = failure(engine.request({ signal: abort.signal }, INFO))
  await eventually('it is connected', () => open.size === 1)
  abort.abort(reason)
  t.equal((await aborted).error, reason, 'in the middle of the handshake')
  const late = await failure(engine.request(call, INFO))
  t.match(late.error, { code: 'host_unreachable', message: /did not answer within 8 s/ })
  t.ok(late.ms < 14_000, `${late.ms} ms`)
  let connections = 0
  silent.on('connection', () => connections++)
  const soon = await Promise.all(Array.from({ length: 20 }, async () => await failure(engine.request(call, INFO))))
  for (const { error: again } of soon) t.match(again, { message: /did not answer within 8 s/ }, 'the last reason')
  t.ok(connections <= 1, 'and nobody asks again until it is time')
  await eventually('its connection is gone', () => open.size === 0)
})

t.test('a server that runs something else in the place of our look is left alone with it', async (t) => {
  const host = ssh2.utils.generateKeyPairSync('ed25519')
  const user = ssh2.utils.generateKeyPairSync('ed25519')
  let [running, ended] = [0, 0]
  const server = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (attempt) => attempt.accept())
    client.on('request', (_accept, reject) => reject?.())
    client.on('session', (accept) =>
      accept().on('exec', (run) => {
        running++
        run()
          .once('close', () => ended++)
          .resume()
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const engine = reach(t, {
    host: '127.0.0.1',
    port: typeof address === 'object' && address !== null ? address.port : 0,
    user: 'root',
    privateKey: user.private,
    knownHost: host.public,
    socketPath: '/run/docker.sock',
  })
  const { error } = await failure(engine.request(call, INFO))
  t.match(error, { code: 'host_unreachable', message: /there is none, the user may not open it, or/ })
  t.equal(running, 1)
  await eventually('it has the end of it', () => ended === 1)
})
