import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './run.ts'

const NAME = 'kube-apiserver'

/** Where the cluster keeps its processes' ids and logs (`kube-up`'s data directory). */
function file(...parts: readonly string[]): string {
  const dir = process.env.TEST_KUBE_DIR
  if (!dir) throw new Error('TEST_KUBE_DIR does not say where the cluster is kept')
  return join(dir, ...parts)
}

/** How it was started, for as long as it is killed: whoever comes next can start it again. */
const commandFile = (): string => file(`${NAME}.command`)

/** A test killed the API server, and has not started it again. */
export function isKilled(): boolean {
  return Boolean(process.env.TEST_KUBE_DIR) && existsSync(commandFile())
}

/** SIGKILL to the cluster's API server alone: everything else of the cluster goes on. */
export async function killApi(): Promise<void> {
  const pid = Number(readFileSync(file('pids', NAME), 'utf8'))
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  if (!command.includes(NAME)) throw new Error(`the process ${pid} is no API server`)
  writeFileSync(commandFile(), JSON.stringify(command), { mode: 0o600 })
  process.kill(pid, 'SIGKILL')
  await eventually('the API server is gone', () => stateOf(pid) === null || stateOf(pid) === 'Z')
}

/** Starts it as it was started before, and waits until it is ready. Nothing where it was not killed. */
export async function healApi(kubectl: (args: readonly string[]) => Promise<string>): Promise<void> {
  if (!isKilled()) return
  const [program = '', ...args] = JSON.parse(readFileSync(commandFile(), 'utf8')) as string[]
  const log = openSync(file('logs', `${NAME}.log`), 'a')
  // It outlives this process, as one that kube-up started: its pid file is how kube-down ends it.
  const child = spawn(program, args, { stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  child.on('error', () => undefined)
  child.unref()
  if (child.pid === undefined) throw new Error(`${program} could not be started`)
  writeFileSync(file('pids', NAME), `${child.pid}\n`)
  await eventually('the API server is ready', async () => {
    if (child.exitCode !== null) throw new Error(`the API server ended with ${child.exitCode}`)
    return await kubectl(['get', '--raw', '/readyz', '--request-timeout=5s']).catch(() => '')
  })
  rmSync(commandFile())
}

/** The letter of a process's state; null: there is no such process. */
function stateOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  } catch {
    return null
  }
}
