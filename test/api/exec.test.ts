import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { Refused } from '../lab/exec-client.ts'
import { buildImages } from '../lab/images.ts'
import { eventually, run as runProgram } from '../lab/run.ts'
import { execScene } from './exec-scene.ts'

if (await requireEngines(t)) {
  const engine = await startEngine({ name: 'exec', tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)

  t.test('a command and its streams', async (t) => {
    const scene = await execScene(t, engine)
    const { acme, other, path, exec, api } = scene
    const { id, nativeId } = await scene.instance()
    const run = async (command: readonly string[], query?: Readonly<Record<string, string>>) =>
      await exec(path(id, command, query)).end()

    t.test('stdout and stderr come apart, and an exit with 0 is a success', async (t) => {
      const end = await run(['sh', '-c', 'echo out; echo err >&2'])
      t.match(end, { code: 1000, stdout: 'out\n', stderr: 'err\n' })
      t.same(end.status, { metadata: {}, status: 'Success' })
    })

    t.test('another exit code is in the status, as Kubernetes has it', async (t) => {
      for (const [script, code] of [
        ['exit 3', 3],
        ['kill -9 $$', 137],
        ['exec >&- 2>&-; sleep 0.3; exit 5', 5],
      ] as const) {
        const { status } = await run(['sh', '-c', script])
        t.same(status, {
          metadata: {},
          status: 'Failure',
          message: `command terminated with non-zero exit code: exit code ${code}`,
          reason: 'NonZeroExitCode',
          details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
        })
      }
    })

    t.test('a program that is not there is an exit with 126 or 127, with what the engine says', async (t) => {
      const end = await run(['/no/such'])
      t.match(end.status?.details?.causes, [{ reason: 'ExitCode', message: /^12[67]$/ }])
      t.match(end.stdout, /no such file/)
      const nothing = await run([''])
      t.match(nothing.status?.details?.causes, [{ reason: 'ExitCode', message: /^12[67]$/ }], 'nor one without a name')
    })

    t.test('arguments are no shell text', async (t) => {
      t.equal((await run(['echo', 'a  b', '$HOME; exit 1', 'ü'])).stdout, 'a  b $HOME; exit 1 ü\n')
    })

    t.test('input reaches the command, and its end too', async (t) => {
      const client = exec(path(id, ['cat']))
      await client.begun
      client.type('hello ')
      await eventually('it comes back', () => client.stdout === 'hello ')
      client.type('world')
      client.endInput()
      t.match(await client.end(), { stdout: 'hello world', status: { status: 'Success' } })
    })

    t.test('input that is sent before the command has begun is kept for it', async (t) => {
      const client = exec(path(id, ['cat']))
      client.socket.once('open', () => {
        client.type('early')
        client.endInput()
      })
      t.match(await client.end(), { stdout: 'early', status: { status: 'Success' } })
    })

    t.test('10 MB go in and come out as they are', async (t) => {
      const client = exec(path(id, ['cat']))
      await client.begun
      const all = Buffer.alloc(10_000_000, Buffer.from(Array.from({ length: 251 }, (_, n) => n)))
      for (let at = 0; at < all.length; at += 500_000) client.type(all.subarray(at, at + 500_000))
      client.endInput()
      t.match(await client.end(), { code: 1000, status: { status: 'Success' } })
      t.ok(Buffer.concat(client.chunks.stdout).equals(all))
    })

    t.test('a terminal has a size, gets a new one, and Ctrl-D', async (t) => {
      const sizes = 'while :; do stty size; sleep 0.05; done'
      const client = exec(path(id, ['sh', '-c', sizes], { tty: 'true', columns: '120', rows: '40' }))
      await eventually('its first size', () => client.stdout.includes('40 120\r\n'))
      client.resize(0, 0)
      client.resize(99, 33)
      await eventually('its new size', () => client.stdout.includes('33 99\r\n'))
      client.socket.close()
      const shell = exec(path(id, ['sh'], { tty: 'true' }))
      await shell.begun
      shell.type('echo $((20 + 22)); ls /no/such\n')
      await eventually('it answers', () => /\b42\r\n/.test(shell.stdout) && /No such file/.test(shell.stdout))
      // Ctrl-P and Ctrl-Q, by which the stock CLI lets go of a terminal, are the command's.
      shell.type('stty raw -echo; dd bs=1 count=2 2>/dev/null | od -An -to1; stty sane\n')
      await eventually('it is raw', () => /stty sane\r\n/.test(shell.stdout))
      shell.type('\u0010')
      shell.type('\u0011')
      await eventually('they come through', () => / 020 021/.test(shell.stdout))
      shell.type('ls /no/such\n')
      await eventually('it answers', () => shell.stdout.split('No such file').length === 3)
      shell.endInput()
      const { stderr, status } = await shell.end()
      t.equal(stderr, '', 'both outputs are one')
      t.match(status, { status: 'Failure', reason: 'NonZeroExitCode' }, 'the exit code of ls')
    })

    t.test('who ran what is written before it begins, and how it ended', async (t) => {
      const command = ['sh', '-c', 'exit 7']
      await run(command)
      const [started, ended] = await eventually('both', async () => {
        const all = await scene.events()
        const begun = all.find(({ data }) => isDeepStrictEqual(data.command, command))
        const over = all.find(({ type, data }) => type === 'exec.ended' && data.session === begun?.data.session)
        return begun && over && [begun, over]
      })
      t.match(started, { type: 'exec.started', actor: 'token:developer', data: { instance: id, tty: false } })
      t.match(ended, { actor: 'token:developer', data: { instance: id, exitCode: 7, reason: 'exited' } })
    })

    t.test('no record, no command', async (t) => {
      await api.db.prisma.$executeRaw`ALTER FUNCTION append_events(jsonb) RENAME TO append_nothing`
      const end = await run(['touch', '/tmp/unrecorded'])
      await api.db.prisma.$executeRaw`ALTER FUNCTION append_nothing(jsonb) RENAME TO append_events`
      t.match(end, { code: 1011, status: { status: 'Failure', code: 500 } })
      t.notMatch((await run(['ls', '/tmp'])).stdout, /unrecorded/)
    })

    t.test('a client that reads nothing is waited for, and so is its command', async (t) => {
      const client = exec(path(id, ['yes', 'x'.repeat(1000)]))
      await client.begun
      client.socket.pause()
      const written = () => bytes('bytesWritten')
      await eventually('it stands still', async () => {
        const before = written()
        await new Promise((resolve) => setTimeout(resolve, 500))
        return written() === before
      })
      t.ok(written() < 20_000_000, `${written()} bytes went out`)
      const { rss } = process.memoryUsage()
      const [seen, had] = [client.chunks.stdout.length, written()]
      client.socket.resume()
      await eventually('it goes on', () => client.chunks.stdout.length > seen && written() > had + 30_000_000)
      client.socket.terminate()
      client.chunks.stdout.length = 0
      t.ok(process.memoryUsage().rss < rss + 300_000_000)
      await eventually('it is killed', async () => !/\byes\b/.test(await engine.docker(['top', nativeId])))
    })

    t.test('a client that sends pings and reads no answers is cut off', async (t) => {
      const client = exec(path(id, ['sleep', '1000']))
      await client.begun
      Reflect.get(client.socket, '_socket').pause()
      const sent = () => client.socket.bufferedAmount < 1_000_000
      await eventually('it is closed', () => {
        for (let n = 0; n < 20_000 && sent(); n++) client.socket.ping(Buffer.alloc(125), undefined, () => {})
        return api.app.websocketServer.clients.size === 0
      })
      t.pass()
    })

    t.test('thousands of sizes and ends of the input cost nothing', async (t) => {
      const client = exec(
        path(id, ['sh', '-c', 'while [ "$(stty size)" != "7 7" ]; do sleep 0.05; done; sleep 0.2'], { tty: 'true' }),
      )
      await client.begun
      for (let n = 1; n <= 5000; n++) client.resize(100 + (n % 50), 50)
      client.resize(7, 7)
      for (let n = 0; n < 5000; n++) client.endInput()
      t.match(await client.end(), { code: 1000, status: { status: 'Success' } })
    })

    t.test('input that the command does not read is not taken either', async (t) => {
      const client = exec(path(id, ['sleep', '1000']))
      await client.begun
      for (let n = 0; n < 64; n++) client.type(Buffer.alloc(500_000))
      const read = () => bytes('bytesRead')
      await eventually('it stands still', async () => {
        const before = read()
        await new Promise((resolve) => setTimeout(resolve, 500))
        return read() === before
      })
      t.ok(read() < 16_000_000, `${read()} bytes came in`)
      t.ok(client.socket.bufferedAmount > 8_000_000)
      client.socket.terminate()
      await eventually('it is killed', async () => !/sleep 1000/.test(await engine.docker(['top', nativeId])))
    })

    /** Of the sockets that the server has open now. */
    function bytes(which: 'bytesWritten' | 'bytesRead'): number {
      return [...api.app.websocketServer.clients].reduce((sum, client) => {
        const socket = Object.entries(client).find(([key]) => key === '_socket')?.[1] as Record<string, number>
        return sum + (socket?.[which] ?? 0)
      }, 0)
    }

    t.test('what is no message of the protocol ends the session with its reason', async (t) => {
      const send = async (message: Buffer | string, late = false) => {
        const client = exec(path(id, ['cat']))
        await client.begun
        client.socket.send(message)
        if (late) client.endInput()
        return await client.end()
      }
      for (const message of [Buffer.of(7, 1), Buffer.of(1, 65), Buffer.of(255, 1), Buffer.of(255), 'text']) {
        const end = await send(message)
        t.match(end, { code: 1008, reason: /^a message of the client/, status: { code: 400, reason: 'BadRequest' } })
      }
      for (const size of [
        '',
        '{',
        '[]',
        'null',
        '{"Width":"80","Height":24}',
        '{"Width":1e9,"Height":24}',
        '{"Width":-1}',
      ]) {
        t.match(await send(Buffer.concat([Buffer.of(4), Buffer.from(size)])), { code: 1008 }, size)
      }
      t.match(await send(Buffer.alloc(2_000_000)), { code: 1009 })
      t.match(await send(Buffer.alloc(0), true), { code: 1000, status: { status: 'Success' } }, 'nothing says nothing')
      t.match(await send(Buffer.of(0), true), { code: 1000, status: { status: 'Success' } })
    })

    t.test('refusals are problem documents, before the upgrade', async (t) => {
      const refusal = async (where: string, options: Parameters<typeof exec>[1] = {}) =>
        await exec(where, options).begun.then(
          () => null,
          (error: unknown) => (error instanceof Refused ? { status: error.status, body: error.body } : error),
        )
      const cat = path(id, ['cat'])
      const is = async (status: number, code: string, where: string, options: Parameters<typeof exec>[1] = {}) =>
        t.match(await refusal(where, options), { status, body: { code, status } }, `${status} ${where.slice(0, 90)}`)
      await is(401, 'unauthorized', cat, { token: null })
      await is(401, 'unauthorized', cat, { token: 'mrg_nobody' })
      await is(403, 'forbidden', cat, { token: acme.viewer })
      await is(404, 'not_found', cat, { token: other.owner })
      await is(404, 'not_found', cat.replace('acme', 'other'), { token: other.owner })
      await is(404, 'not_found', cat.replace(id, '01890000-0000-7000-8000-000000000000'))
      await is(400, 'bad_request', cat.replace(id, 'x'))
      await is(400, 'bad_request', path(id, []))
      await is(
        400,
        'bad_request',
        path(
          id,
          Array.from({ length: 65 }, () => 'a'),
        ),
      )
      await is(400, 'bad_request', path(id, ['x'.repeat(4097)]))
      await is(
        400,
        'bad_request',
        path(
          id,
          Array.from({ length: 3 }, () => 'x'.repeat(3000)),
        ),
      )
      await is(400, 'bad_request', path(id, ['a\0b']))
      await is(400, 'bad_request', path(id, ['cat'], { tty: 'perhaps' }))
      await is(400, 'bad_request', path(id, ['cat'], { columns: '0' }))
      await is(400, 'bad_request', path(id, ['cat'], { user: 'root' }))
      await is(400, 'bad_request', cat, { protocols: [] })
      await is(400, 'bad_request', cat, { protocols: ['v4.channel.k8s.io', 'graphql-transport-ws'] })
      await is(409, 'conflict', path((await scene.instance('exited')).id, ['cat']))
      t.match(
        (await api.request('GET', cat)).body,
        { code: 'bad_request', detail: /is a WebSocket/ },
        'without an upgrade',
      )
      const handshake = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-protocol': 'v5.channel.k8s.io' }
      t.equal((await raw(cat, { ...handshake, authorization: `Bearer ${acme.developer}` })).status, 400)
    })

    /** An upgrade with no key. */
    async function raw(where: string, headers: Record<string, string>): Promise<{ status: number }> {
      const address = api.app.server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      return await new Promise((resolve, reject) => {
        const asked = request({ port, path: where, headers }, (response) => {
          response.resume()
          resolve({ status: response.statusCode ?? 0 })
        })
        asked.on('error', reject).end()
      })
    }

    t.test('the session of docs/exec.md does what it says', async (t) => {
      const docs = await readFile(new URL('../../docs/exec.md', import.meta.url), 'utf8')
      const [, script = ''] = /```js\n([^]*?)```/.exec(docs) ?? []
      const address = api.app.server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const out = await runProgram(
        process.execPath,
        ['--input-type=module', '--eval', script.replace('7080', String(port)), '--', 'session.js', id],
        { input: 'echo $((40 + 2)); exit 0\n', env: { PATH: process.env.PATH, MOORAGE_TOKEN: acme.developer } },
      )
      t.match(out, /\b42\r\n/)
    })

    t.test('a browser sends its token as a subprotocol, which is not answered', async (t) => {
      const bearer = (token: string) =>
        `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`
      const client = exec(path(id, ['echo', 'hi']), {
        token: null,
        protocols: [bearer(acme.developer), 'graphql-transport-ws', 'v5.channel.k8s.io'],
      })
      await client.begun
      t.equal(client.socket.protocol, 'v5.channel.k8s.io')
      t.match(await client.end(), { stdout: 'hi\n' })
      for (const protocols of [
        [bearer('mrg_nobody'), 'v5.channel.k8s.io'],
        [bearer('a b'), 'v5.channel.k8s.io'],
        [bearer(acme.developer), bearer(acme.owner), 'v5.channel.k8s.io'],
      ]) {
        await t.rejects(exec(path(id, ['id']), { token: null, protocols }).begun, { message: /^401 / })
      }
      const viewer = [bearer(acme.viewer), 'v5.channel.k8s.io']
      await t.rejects(exec(path(id, ['id']), { token: null, protocols: viewer }).begun, { message: /^403 / })
      await t.rejects(exec(path(id, ['id']), { token: null, protocols: [bearer(acme.developer)] }).begun, {
        message: /^400 /,
      })
    })
  })
}
