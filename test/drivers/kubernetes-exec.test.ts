import { randomInt, randomUUID } from 'node:crypto'
import t from 'tap'
import type { ExecOptions, ExecSession } from '../../src/drivers/index.ts'
import { execRunner } from '../../src/drivers/kubernetes/exec.ts'
import { within } from '../../src/lib/abort.ts'
import { IMAGES } from '../lab/images.ts'
import { requireCluster } from '../lab/kube.ts'
import { eventually } from '../lab/run.ts'
import { failure, freely } from './build.ts'
import { podScene } from './kubernetes-pods.ts'

const cluster = await requireCluster(t)
if (cluster) {
  const scene = await podScene(t, cluster)
  const exec = execRunner(scene.context)
  const call = freely()
  const nativeId = await scene.run({ name: 'entered', script: 'trap "exit 0" TERM; while :; do sleep 1 & wait; done' })
  const plain = (command: readonly string[]): ExecOptions => ({ command, tty: false })
  const shell = (script: string) => plain(['sh', '-c', script])
  const collect = async (session: ExecSession) => {
    const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    for await (const { stream, data } of session.output) said[stream].push(data)
    return { stdout: Buffer.concat(said.stdout), stderr: String(Buffer.concat(said.stderr)) }
  }
  const run = async (wanted: ExecOptions, input: readonly Buffer[] = [], at = nativeId, by = exec) => {
    const session = await by(at, wanted, call)
    const writing = async (): Promise<void> => {
      for (const one of input) await session.write(one)
      session.endInput()
    }
    const [{ stdout, stderr }] = await Promise.all([collect(session), writing()])
    return { stdout, stderr, text: String(stdout), code: await session.exitCode() }
  }
  const hasEndOfInput = Number((await scene.context.facts(call)).version.split('.')[1]) >= 30
  /** How many processes of the container have this as the beginning of their command line. */
  const countOf = async (line: string, at = nativeId): Promise<number> => {
    const look = `for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done 2>/dev/null | grep -c '^${line}'`
    const [, pod = ''] = at.split('/')
    const found = ['-n', scene.namespace, 'exec', pod, '--', '/bin/busybox', 'sh', '-c', `${look}; true`]
    return Number(await cluster.kubectl(found))
  }

  t.test('a command has two outputs, an input, and an exit code', async (t) => {
    t.match(await run(shell('echo out; echo err >&2; exit 3')), { text: 'out\n', stderr: 'err\n', code: 3 })
    t.match(await run(shell('kill -9 $$')), { text: '', stderr: '', code: 137 })
    t.match(await run(shell('read a; echo "$a"'), [Buffer.from('in\n')]), { text: 'in\n', code: 0 })
    t.match(await run(plain(['/no/such'])), { stderr: /no such file/i, code: 127 })
    t.match(await run(plain(['/etc'])), { stderr: /permission denied/i, code: 126 })
    t.match(await run(plain(['no=such'])), { text: /no=such.*not found/, code: /126|127/ })
    t.match(await run(plain(['printf', '%s|', 'a b', '', '$HOME', '"', '-x'])), { text: 'a b||$HOME|"|-x|', code: 0 })
  })

  t.test('bytes come through as they are, however many, also for who reads late', async (t) => {
    const bytes = Buffer.alloc(5_000_000, Buffer.from(Array.from({ length: 251 }, (_, n) => n)))
    const pieces = Array.from({ length: 50 }, (_, nth) => bytes.subarray(nth * 100_000, (nth + 1) * 100_000))
    const { stdout, code } = await run(plain(['head', '-c', '5000000']), pieces)
    t.equal(code, 0)
    t.ok(stdout.equals(bytes))
    const script = 'touch /tmp/begun; head -c 150000000 /dev/zero; touch /tmp/through; echo done >&2; exit 5'
    const session = await exec(nativeId, shell(script), call)
    await eventually('it has begun', async () => (await run(plain(['test', '-e', '/tmp/begun']))).code === 0)
    // More than what all the sockets between would hold.
    for (let looks = 0; looks < 10; looks++)
      t.equal((await run(plain(['test', '-e', '/tmp/through']))).code, 1, 'it is held up')
    const late = await collect(session)
    t.same([late.stdout.length, late.stderr], [150_000_000, 'done\n'])
    t.equal(await session.exitCode(), 5)
  })

  if (hasEndOfInput)
    t.test('an input has an end', async (t) => {
      t.match(await run(plain(['cat']), [Buffer.from('in')]), { text: 'in', code: 0 })
    })

  t.test('a terminal has the size that it is given, one stream, and an input that ends', async (t) => {
    const script = 'while [ "$(stty size)" != "40 120" ]; do sleep 0.05; done; echo first; echo error >&2'
    const then = 'while [ "$(stty size)" != "33 99" ]; do sleep 0.05; done; echo second; cat; exit 4'
    const wanted = { command: ['sh', '-c', `${script}; ${then}`], tty: true, size: { columns: 120, rows: 40 } }
    const session = await exec(nativeId, wanted, call)
    let text = ''
    for await (const { stream, data } of session.output) {
      t.equal(stream, 'stdout')
      text += data.toString()
      if (text.includes('first')) await session.resize({ columns: 99, rows: 33 })
      if (text.includes('second')) session.endInput()
    }
    t.match(text, /first\r?\nerror\r?\nsecond/)
    t.equal(await session.exitCode(), 4)
    await session.resize({ columns: 1, rows: 1 })
  })

  t.test('an abort ends a command, with all that it started', async (t) => {
    for (const tty of [false, true]) {
      const seconds = 1_000_000 + randomInt(1_000_000)
      const abort = new AbortController()
      const hard = `trap "" HUP INT TERM; setsid sleep ${seconds} & sleep ${seconds} & echo begun; sleep ${seconds}; sleep ${seconds}`
      const session = await exec(nativeId, { ...shell(hard), tty }, { signal: abort.signal })
      const other = await exec(nativeId, shell(`sleep ${seconds}1`), call)
      const reason = new Error('enough')
      for await (const { data } of session.output) if (data.includes('begun')) abort.abort(reason)
      await t.rejects(session.exitCode(), reason)
      t.equal(await countOf(`sleep ${seconds} $`), 0, 'nothing of it is left')
      t.equal(await countOf(`sleep ${seconds}1`), 1, 'what another session has begun goes on')
      await session.write(Buffer.from('late'))
      session.endInput()
      t.notOk(await within(0, other.exitCode()))
      const { error } = await failure(exec(nativeId, plain(['true']), { signal: abort.signal }))
      t.equal(error, reason, 'an abort before the call counts too')
    }
  })

  t.test('where nothing in the container can end a command, an abort lets go of it at once', async (t) => {
    const bare = await scene.run({ name: 'bare', script: 'sleep 100000', container: { image: IMAGES.web2 } })
    const strip = 'cp /bin/busybox /bin/nap && ln -s nap /tmp/sleep && rm /bin/sh'
    await cluster.kubectl(['-n', scene.namespace, 'exec', 'bare', '--', '/bin/sh', '-c', strip])
    const abort = new AbortController()
    const fresh = execRunner(scene.connect())
    const session = await fresh(bare, plain(['/tmp/sleep', '1000']), { signal: abort.signal })
    const reason = new Error('enough')
    abort.abort(reason)
    await collect(session)
    const { error, ms } = await failure(session.exitCode())
    t.equal(error, reason)
    t.ok(ms < 2000, `${Math.round(ms)} ms`)
    t.match(await run(plain(['/no/such']), [], bare, fresh), { text: /no such file/, code: /126|127/ })
  })

  t.test('a pod that is removed ends its commands', async (t) => {
    const brief = await scene.run({ name: 'brief', script: 'sleep 100000' })
    const session = await exec(brief, plain(['sleep', '1000']), call)
    await scene.remove('pod', 'brief')
    await collect(session)
    t.not(await session.exitCode(), 0)
    await eventually('it is gone', async () => (await failure(exec(brief, plain(['true']), call))).error !== null)
  })

  t.test('only a pod of ours that runs can be entered', async (t) => {
    const stranger = execRunner(scene.connect({ installation: randomUUID() }))
    await t.rejects(stranger(nativeId, plain(['true']), call), { code: 'not_found' })
    for (const gone of ['no-such-container', nativeId.replace('/entered/', '/nobody/'), `${nativeId}0`])
      await t.rejects(exec(gone, plain(['true']), call), { code: 'not_found' })
    const waiting = await scene.make({ name: 'waiting', script: 'true', container: { image: 'no.such/image:1' } })
    await t.rejects(exec(waiting, plain(['true']), call), { code: 'conflict' })
  })
}
