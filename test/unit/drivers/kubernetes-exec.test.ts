import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { endingOf, ExecChannels } from '../../../src/drivers/kubernetes/exec-channels.ts'
import { failure, freely } from '../../drivers/build.ts'
import { eventually } from '../../lab/run.ts'

t.test(
  'how a command ended is read out of its status, and what a runtime says of one that it can not begin',
  async (t) => {
    const failed = (message: string, details: object = {}) =>
      endingOf(
        JSON.stringify({ metadata: {}, status: 'Failure', reason: 'InternalError', message, details, code: 500 }),
      )
    t.same(endingOf('{"metadata":{},"status":"Success"}'), { exitCode: 0, words: '' })
    const exited = { causes: [{ reason: 'ExitCode', message: '3' }] }
    t.same(failed('command terminated with non-zero exit code', exited), { exitCode: 3, words: '' })
    const missing = 'OCI runtime exec failed: exec: "nope": executable file not found in $PATH: unknown'
    t.same(failed(missing), { exitCode: 127, words: missing })
    t.match(failed('exec failed: fork/exec /etc: permission denied'), { exitCode: 126 })
    t.match(failed('container not running (abc)'), { exitCode: null, words: 'container not running (abc)' })
    t.notMatch(failed('rpc error: in /var/run/secrets/x: it broke').words, /secrets/)
    for (const rubbish of ['', 'null', '5', '{', '{"status":"Failure"}']) t.match(endingOf(rubbish), { exitCode: null })
  },
)

/** A server that speaks one protocol, and the channels at the other end. */
async function pair(t: { teardown(work: () => unknown): unknown }, protocol: string) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => protocol })
  await once(server, 'listening')
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, [protocol])
  socket.on('error', () => {})
  const [peer] = (await once(server, 'connection')) as [WebSocket]
  const got: Buffer[] = []
  peer.on('message', (data: Buffer) => got.push(data))
  if (socket.readyState !== socket.OPEN) await once(socket, 'open')
  t.teardown(() => {
    socket.terminate()
    server.close()
  })
  const channels = new ExecChannels(socket, false)
  const read = async (): Promise<string[]> => {
    const said: string[] = []
    for await (const { stream, data } of channels.output(freely().signal)) said.push(`${stream} ${data.toString()}`)
    return said
  }
  const say = (channel: number, text: string): void => peer.send(Buffer.concat([Buffer.of(channel), Buffer.from(text)]))
  return { channels, peer, got, read, say }
}

t.test('each channel is where the protocol has it; the newer one can end an input', async (t) => {
  for (const [protocol, closes] of [
    ['v5.channel.k8s.io', true],
    ['v4.channel.k8s.io', false],
  ] as const) {
    const { channels, peer, got, read, say } = await pair(t, protocol)
    await channels.resize({ columns: 80, rows: 24 })
    await channels.write(Buffer.from('in'))
    await channels.write(Buffer.alloc(0))
    channels.endInput()
    const resized = Buffer.from('\u0004{"Width":80,"Height":24}')
    const wanted = [resized, Buffer.from('\0in'), ...(closes ? [Buffer.of(255, 0)] : [])]
    await eventually('all came', () => got.length === wanted.length)
    t.same(got, wanted)
    say(1, '')
    say(1, 'out')
    say(2, 'err')
    say(9, 'unknown')
    say(3, '{"status":"Success"}')
    peer.close()
    t.same(await read(), ['stdout out', 'stderr err'])
    t.equal(await channels.exitCode(), 0)
    await channels.write(Buffer.from('late'))
    await channels.resize({ columns: 1, rows: 1 })
  }
})

t.test('a server that does not close after the status is not waited for', async (t) => {
  const { channels, read, say } = await pair(t, 'v5.channel.k8s.io')
  say(3, '{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}')
  t.same(await read(), [])
  t.equal(await channels.exitCode(), 7)
})

t.test(
  'a connection that breaks is host_unreachable; one that is closed without a status has no exit code',
  async (t) => {
    const broken = await pair(t, 'v4.channel.k8s.io')
    broken.say(1, 'begun')
    await eventually('it is sent', () => broken.peer.bufferedAmount === 0)
    broken.peer.terminate()
    t.match(await failure(broken.read()), { error: { code: 'host_unreachable' } })
    const closed = await pair(t, 'v4.channel.k8s.io')
    closed.peer.close()
    t.same(await closed.read(), [])
    t.equal(await closed.channels.exitCode(), null)
  },
)

t.test('a reader that takes nothing holds the server up', async (t) => {
  const { channels, peer, say } = await pair(t, 'v4.channel.k8s.io')
  const piece = 'x'.repeat(100_000)
  for (let nth = 0; nth < 1000; nth++) say(1, piece)
  say(3, '{"status":"Success"}')
  await eventually('it is held up', async () => {
    const before = peer.bufferedAmount
    await new Promise((resolve) => setTimeout(resolve, 200))
    return peer.bufferedAmount === before
  })
  t.ok(peer.bufferedAmount > 50_000_000, `${peer.bufferedAmount} bytes wait`)
  let bytes = 0
  for await (const { data } of channels.output(freely().signal)) bytes += data.length
  t.equal(bytes, 100_000_000)
  t.equal(await channels.exitCode(), 0)
})
