import t from 'tap'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { execScene, type ExecScene } from './exec-scene.ts'

/** How the one session of a command ended, by its event. */
async function endOf(scene: ExecScene, marker: string): Promise<Record<string, unknown>> {
  return await eventually('the end of the command is recorded', async () => {
    const all = await scene.events()
    const started = all.find(({ data }) => JSON.stringify(data.command ?? '').includes(marker))
    return all.find(({ type, data }) => type === 'exec.ended' && data.session === started?.data.session)?.data
  })
}

if (await requireEngines(t)) {
  const engine = await startEngine({ name: 'exec-ends', tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  const processes = async (nativeId: string): Promise<string> => await engine.docker(['top', nativeId])

  t.test('what ends a command from outside', async (t) => {
    const scene = await execScene(t, engine)
    const { api, acme, exec, path } = scene
    const makeToken = async (body: object) =>
      (await api.request('POST', '/v1/tenants/acme/tokens', { token: acme.owner, body })).body

    t.test('a revoked token closes the socket with 4403 within a second, and the command is killed', async (t) => {
      const { id, nativeId } = await scene.instance()
      const { id: tokenId, token } = await makeToken({ name: 'revoked', role: 'developer' })
      const client = exec(path(id, ['sleep', '7001']), { token })
      await client.begun
      const began = performance.now()
      const revoked = await api.request('DELETE', `/v1/tenants/acme/tokens/${tokenId}`, { token: acme.owner })
      t.equal(revoked.status, 204)
      t.match(await client.end(), { code: 4403, reason: /revoked/, status: { code: 401, reason: 'Unauthorized' } })
      t.ok(performance.now() - began < 1000, `${Math.round(performance.now() - began)} ms`)
      t.match(await endOf(scene, '7001'), { reason: 'token_ended', exitCode: null })
      t.notMatch(await processes(nativeId), /7001/)
      await t.rejects(exec(path(id, ['id']), { token }).begun, { message: /^401 / })
    })

    t.test('an expired one as well, also where the client reads nothing and answers nothing', async (t) => {
      const { id, nativeId } = await scene.instance()
      const expiresAt = new Date(Date.now() + 2500).toISOString()
      const { token } = await makeToken({ name: 'expiring', role: 'developer', expiresAt })
      const reading = exec(path(id, ['sleep', '7002']), { token })
      const deaf = exec(path(id, ['yes', '7003']), { token })
      await Promise.all([reading.begun, deaf.begun])
      deaf.socket.pause()
      t.match(await reading.end(), { code: 4403 })
      const lateMs = Date.now() - Date.parse(expiresAt)
      t.ok(lateMs > -50 && lateMs < 1000, `${lateMs} ms after its expiry`)
      t.match(await endOf(scene, '7003'), { reason: 'token_ended' })
      t.notMatch(await processes(nativeId), /700[23]/)
      await eventually('its socket is gone', () => api.app.websocketServer.clients.size === 0)
      deaf.socket.terminate()
    })

    t.test('a client that goes away ends its command, however it goes', async (t) => {
      const { id, nativeId } = await scene.instance()
      for (const [seconds, leave] of [
        ['7004', (client: ReturnType<typeof exec>) => client.socket.close()],
        ['7005', (client: ReturnType<typeof exec>) => client.socket.terminate()],
      ] as const) {
        const client = exec(path(id, ['sh', '-c', `trap "" HUP TERM; sleep ${seconds}; true`]))
        await client.begun
        leave(client)
        t.match(await endOf(scene, seconds), { reason: 'client_gone', exitCode: null })
        t.notMatch(await processes(nativeId), seconds)
      }
    })

    t.test('an instance that is removed, or stops, ends its commands', async (t) => {
      for (const [seconds, end] of [
        ['7006', ['rm', '-f']],
        ['7007', ['stop', '-t', '1']],
        ['7008', ['kill']],
      ] as const) {
        const { id, nativeId } = await scene.instance()
        const client = exec(path(id, ['sh', '-c', `sleep ${seconds}; true`]))
        await client.begun
        await engine.docker([...end, nativeId])
        const { code, status } = await client.end()
        t.match({ code, status }, { code: 4410, status: { status: 'Failure', message: /the instance ended/ } }, end[0])
        t.match(await endOf(scene, seconds), { reason: 'instance_ended' })
        await t.rejects(
          exec(path(id, ['id']))
            .end()
            .then(({ code: again }) => Promise.reject(new Error(`${again}`))),
          {
            message: '1011',
          },
        )
      }
    })

    t.test('429 a tenant has so many commands and no more; one that ends makes room', async (t) => {
      const { id } = await scene.instance()
      const clients = Array.from({ length: 32 }, () => exec(path(id, ['cat'])))
      await Promise.all(clients.map(async ({ begun }) => await begun))
      await t.rejects(exec(path(id, ['cat'])).begun, { message: /^429 .*too_many_streams/ })
      clients[0]?.endInput()
      t.match(await clients[0]?.end(), { status: { status: 'Success' } })
      await eventually('there is room', async () => {
        const { stdout } = await exec(path(id, ['echo', 'in'])).end()
        return stdout === 'in\n'
      })
      for (const { socket } of clients) socket.terminate()
    })

    t.test('an engine that dies ends the session with what it is', async (t) => {
      const { id } = await scene.instance()
      const client = exec(path(id, ['sleep', '7009']))
      await client.begun
      await engine.kill()
      const { code, status } = await client.end()
      t.match({ code, status }, { code: 1011, status: { status: 'Failure', code: 502, reason: 'ServiceUnavailable' } })
      t.match(status?.details?.causes, [{ reason: 'host_unreachable' }])
      t.match(await endOf(scene, '7009'), { reason: 'failed', exitCode: null })
      await engine.restart()
    })

    t.test('a server that stops ends its commands, records that, and is not kept by clients', async (t) => {
      const { id, nativeId } = await scene.instance()
      const client = exec(path(id, ['sleep', '7010']))
      const deaf = exec(path(id, ['yes', '7011']))
      await Promise.all([client.begun, deaf.begun])
      deaf.socket.pause()
      const began = performance.now()
      await api.app.close()
      t.ok(performance.now() - began < 5000, `${Math.round(performance.now() - began)} ms`)
      t.match(await client.end(), { code: 1012, reason: /stopping/, status: { code: 503 } })
      for (const marker of ['7010', '7011']) t.match(await endOf(scene, marker), { reason: 'server_stopped' })
      t.notMatch(await processes(nativeId), /701[01]/)
      deaf.socket.terminate()
    })
  })

  t.test('a session in which nothing happens is ended, one that is used is not', async (t) => {
    const scene = await execScene(t, engine, { exec: { idleMs: 1500, totalMs: 600_000 } })
    const { id, nativeId } = await scene.instance()
    const used = scene.exec(scene.path(id, ['cat']))
    const idle = scene.exec(scene.path(id, ['sleep', '7012']))
    const deaf = scene.exec(scene.path(id, ['yes', '7013']))
    await Promise.all([used.begun, idle.begun, deaf.begun])
    deaf.socket.pause()
    const typing = setInterval(() => used.type('x'), 100)
    t.teardown(() => clearInterval(typing))
    const { code, status } = await idle.end()
    t.match({ code, status }, { code: 4408, status: { code: 504, reason: 'Timeout', message: /no byte .* 1.5 s/ } })
    t.match(status?.details?.causes, [{ reason: 'idle_limit' }])
    for (const marker of ['7012', '7013']) t.match(await endOf(scene, marker), { reason: 'idle_limit' })
    t.notMatch(await processes(nativeId), /701[23]/)
    const length = used.stdout.length
    await eventually('the used one goes on', () => used.stdout.length > length + 5)
    clearInterval(typing)
    t.match(await used.end(), { code: 4408 })
    deaf.socket.terminate()
  })

  t.test('a session that lasts too long is ended, used or not', async (t) => {
    const scene = await execScene(t, engine, { exec: { idleMs: 600_000, totalMs: 1500 } })
    const { id } = await scene.instance()
    const client = scene.exec(scene.path(id, ['sh', '-c', 'while :; do echo 7014; sleep 0.1; done']))
    const { code, stdout, status } = await client.end()
    t.match({ code, stdout }, { code: 4408, stdout: /7014/ })
    t.match(status?.details?.causes, [{ reason: 'time_limit' }])
    t.match(await endOf(scene, '7014'), { reason: 'time_limit' })
  })
}
