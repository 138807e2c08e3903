import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecOptions, ExecSession } from '../../src/drivers/index.ts'

type Piece = { readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }

/** A command of the fake engine: a process of this machine, whose terminal has a size (for `stty size`) and nothing else. */
export function fakeExec({ command, tty, size }: ExecOptions, signal: AbortSignal): ExecSession {
  const folder = mkdtempSync(join(tmpdir(), 'fake-exec-'))
  const resize = ({ columns, rows }: { columns: number; rows: number }): void =>
    writeFileSync(join(folder, 'size'), `${rows} ${columns}\n`)
  resize(size ?? { columns: 80, rows: 24 })
  const [program = '', ...args] = command.map((part) => part.replaceAll('stty size', `cat ${folder}/size`))
  // A group of its own, so that all of it can be killed.
  const child = spawn(program, args, { detached: true, stdio: 'pipe', env: { PATH: process.env.PATH } })
  const missing = once(child, 'error').then(() => 127)
  const ended = once(child, 'close').then(([code, killed]) => (killed === null ? Number(code) : 137))
  const exit = Promise.race([missing, ended]).finally(() => rmSync(folder, { recursive: true, force: true }))
  const kill = (): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  signal.addEventListener('abort', kill, { once: true })
  child.stdin.on('error', () => {})

  async function* output(): AsyncGenerator<Piece> {
    const pieces: Piece[] = []
    let wake = Promise.withResolvers<void>()
    const add = (stream: Piece['stream']) => (data: Buffer) => {
      pieces.push({ stream: tty ? 'stdout' : stream, data })
      wake.resolve()
    }
    child.stdout.on('data', add('stdout'))
    child.stderr.on('data', add('stderr'))
    let over = false
    void exit.then((code) => {
      if (code === 127 && child.pid === undefined) add('stdout')(Buffer.from(`exec: "${program}": no such file\r\n`))
      over = true
      wake.resolve()
    })
    while (!signal.aborted) {
      yield* pieces.splice(0)
      if (over && pieces.length === 0) return
      await wake.promise
      wake = Promise.withResolvers<void>()
    }
  }

  return {
    output: output(),
    async write(data) {
      if (child.stdin.writable) await new Promise<void>((resolve) => child.stdin.write(data, () => resolve()))
    },
    endInput: () => void child.stdin.end(),
    resize: async (wanted) => {
      if (tty && child.exitCode === null) resize(wanted)
    },
    async exitCode() {
      const code = await exit
      signal.throwIfAborted()
      signal.removeEventListener('abort', kill)
      return code
    },
  }
}
