import { randomInt, randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { ExecOptions, ExecSession } from '../../src/drivers/index.ts'
import type { DesiredApp } from '../../src/planning/index.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { failure } from './build.ts'
import { type ContractSubject, stageOf, steady } from './stage.ts'

/** What every driver promises of commands in containers. */
export function execContract(t: Test, subject: ContractSubject): void {
  const { name, traits } = subject
  const stage = stageOf(t, subject)
  const { driver, call } = stage
  let app: Promise<DesiredApp> | null = null
  const idOf = async (): Promise<string> => (await stage.instance(await (app ??= stage.up()))).nativeId
  const plain = (command: readonly string[]): ExecOptions => ({ command, tty: false })
  const collect = async (session: ExecSession) => {
    const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    for await (const { stream, data } of session.output) said[stream].push(data)
    return { stdout: Buffer.concat(said.stdout), stderr: Buffer.concat(said.stderr) }
  }
  const run = async (wanted: ExecOptions, input: Buffer | null = null) => {
    const session = await driver.exec(await idOf(), wanted, call)
    const writing = async (): Promise<void> => {
      for (let at = 0; input !== null && at < input.length; at += 100_000)
        await session.write(input.subarray(at, at + 100_000))
      session.endInput()
    }
    const [{ stdout, stderr }] = await Promise.all([collect(session), writing()])
    return { stdout, stderr: String(stderr), text: String(stdout), code: await session.exitCode() }
  }
  const shell = (script: string) => plain(['sh', '-c', script])

  void t.test(`${name}: a command in a container that does not run is a conflict`, async (t) => {
    const restart = { policy: 'no', maxAttempts: null } as const
    const ended = await stage.up({ services: { web: steady({ image: IMAGES.once, restart }) } })
    const { nativeId } = await stage.instance(ended)
    await t.rejects(driver.exec(nativeId, plain(['true']), call), { code: 'conflict' })
    t.match(await run(plain(['true'])), { code: 0 })
  })

  void t.test(`${name}: a command has two outputs, an input, and an exit code`, async (t) => {
    t.match(await run(shell('echo out; echo err >&2; exit 3')), { text: 'out\n', stderr: 'err\n', code: 3 })
    t.match(await run(shell('kill -9 $$')), { text: '', stderr: '', code: 137 })
    t.match(await run(plain(['head', '-c', '2']), Buffer.from('in')), { text: 'in', code: 0 })
    if (traits.endsInput) t.match(await run(plain(['cat']), Buffer.from('in')), { text: 'in', code: 0 }, 'and its end')
    const missing = await run(plain(['/no/such']))
    t.ok(missing.code === 126 || missing.code === 127)
    t.match(`${missing.text}${missing.stderr}`, /\/no\/such.*(no such file|not found)/is)
    const bytes = Buffer.alloc(5_000_000, Buffer.from(Array.from({ length: 251 }, (_, n) => n)))
    const { stdout, code } = await run(plain(['head', '-c', String(bytes.length)]), bytes)
    t.equal(code, 0)
    t.ok(stdout.equals(bytes), 'bytes come through as they are')
  })

  void t.test(`${name}: a terminal has the size that it is given, and one stream`, async (t) => {
    const script = 'while [ "$(stty size)" != "40 120" ]; do sleep 0.05; done; echo first; echo error >&2'
    const then = 'while [ "$(stty size)" != "33 99" ]; do sleep 0.05; done; echo second; exit 4'
    const wanted = { command: ['sh', '-c', `${script}; ${then}`], tty: true, size: { columns: 120, rows: 40 } }
    const session = await driver.exec(await idOf(), wanted, call)
    let text = ''
    for await (const { stream, data } of session.output) {
      t.equal(stream, 'stdout')
      text += data.toString()
      if (text.includes('first')) await session.resize({ columns: 99, rows: 33 })
    }
    t.match(text, /first\r?\nerror\r?\nsecond/)
    t.equal(await session.exitCode(), 4)
    await session.resize({ columns: 1, rows: 1 })
  })

  void t.test(
    `${name}: an abort ends a command${traits.killsCommands ? ', with all that it started' : ''}`,
    async (t) => {
      const seconds = 1_000_000 + randomInt(1_000_000)
      const abort = new AbortController()
      const hard = `trap "" HUP INT TERM; sleep ${seconds} & echo begun; sleep ${seconds}; sleep ${seconds}`
      const session = await driver.exec(await idOf(), shell(hard), { signal: abort.signal })
      const reason = new Error('enough')
      for await (const { data } of session.output) if (data.includes('begun')) abort.abort(reason)
      await t.rejects(session.exitCode(), reason)
      const look = `for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done 2>/dev/null | grep -c '^sleep ${seconds}'`
      if (traits.killsCommands)
        await eventually('nothing of it is left', async () => (await run(shell(look))).text.trim() === '0')
      await session.write(Buffer.from('late'))
      session.endInput()
      const { error } = await failure(driver.exec(await idOf(), plain(['true']), { signal: abort.signal }))
      t.equal(error, reason, 'an abort before the call counts too')
    },
  )

  void t.test(`${name}: only a container of ours can be entered`, async (t) => {
    const stranger = stage.connect({ installation: randomUUID() })
    const nativeId = await idOf()
    await t.rejects(stranger.exec(nativeId, plain(['true']), call), { code: 'not_found' })
    await t.rejects(driver.exec('no-such-container', plain(['true']), call), { code: 'not_found' })
    await stage.remove(await (app ??= stage.up()))
    await t.rejects(driver.exec(nativeId, plain(['true']), call), { code: 'not_found' })
  })
}
