import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { sleep } from '../lib/abort.ts'
import { command, EmbeddedPostgresError, type Cluster } from './embedded-cluster.ts'

export interface Postmaster {
  readonly pid: number
  readonly port: number
}

export interface PostmasterOptions {
  readonly port: number
  /** Settings of postgresql.conf, before the folder's own. */
  readonly settings?: Readonly<Record<string, string>>
  /** What it says is appended there. */
  readonly logFile: string
}

/**
 * Why a start may be tried again, changed: the port is taken; the pid file is of a server that is no more and its pid
 * another process's by now (`removeStalePid`); or the children of one that was killed are still there, for a moment.
 */
export type Refusal = 'port_taken' | 'stale_pid' | 'old_children'

export class StartRefusedError extends EmbeddedPostgresError {
  readonly reason: Refusal
  constructor(reason: Refusal, message: string) {
    super(message)
    this.reason = reason
  }
}

const REFUSALS: readonly (readonly [RegExp, Refusal])[] = [
  [/could not bind|could not create any TCP\/IP sockets/, 'port_taken'],
  [/lock file "postmaster\.pid" already exists/, 'stale_pid'],
  [/pre-existing shared memory block/, 'old_children'],
]

const POLL_MS = 15
/** A crash recovery may take its time. */
const START_DEADLINE_MS = 300_000
const MAX_LOG_BYTES = 10 * 1024 * 1024

/** The server that runs on this data folder, or null. Not yet `ready`: it is starting, recovering or stopping. */
export async function findPostmaster(dir: string): Promise<(Postmaster & { readonly ready: boolean }) | null> {
  const text = await readFile(join(dir, 'postmaster.pid'), 'utf8').catch(() => '')
  const [pidText = '', , , portText = '', , , , status = ''] = text.split('\n')
  const pid = Number(pidText)
  if (!Number.isInteger(pid) || pid <= 1 || !(await runsOn(dir, pid))) return null
  return { pid, port: Number(portText), ready: status.trim() === 'ready' }
}

/**
 * Starts Postgres on a cluster in a session of its own, so that neither Ctrl-C nor our end ends it, and waits until it
 * takes connections. Where one runs on the folder already (by another process, at the same moment), that one it is.
 * Throws a StartRefusedError where another try may help, else an EmbeddedPostgresError; both with what Postgres said.
 */
export async function startPostmaster(
  cluster: Cluster,
  { port, settings = {}, logFile }: PostmasterOptions,
): Promise<Postmaster> {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    ...settings,
  }
  const { file, args, options } = command(cluster, 'postgres', (dir) => [
    '-D',
    dir,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ])
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  )
  const log = await open(logFile, size > MAX_LOG_BYTES ? 'w+' : 'a+', 0o600)
  try {
    const from = (await log.stat()).size
    const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log.fd, log.fd] })
    child.unref()
    let ended = false
    child.once('exit', () => (ended = true))
    let failed: Error | null = null
    child.once('error', (error) => (failed = error))
    const deadline = performance.now() + START_DEADLINE_MS
    for (;;) {
      if (failed)
        throw new EmbeddedPostgresError(`Postgres could not be started: ${(failed as Error).message}`, {
          cause: failed,
        })
      // Asked for after `ended`, so that a server which another process started meanwhile is seen.
      const over = ended
      const found = await findPostmaster(cluster.dir)
      if (found?.ready && (over || found.pid === child.pid)) return found
      if (over && !found) {
        const said = (await readFile(logFile)).subarray(from).toString('utf8').trim()
        const message = `Postgres did not start; ${logFile} says: ${said.split('\n').slice(-5).join(' | ')}`
        const [, reason] = REFUSALS.find(([words]) => words.test(said)) ?? []
        throw reason ? new StartRefusedError(reason, message) : new EmbeddedPostgresError(message)
      }
      if (performance.now() > deadline)
        throw new EmbeddedPostgresError(`Postgres was not ready after ${START_DEADLINE_MS / 1000} s; see ${logFile}`)
      await sleep(POLL_MS)
    }
  } finally {
    await log.close()
  }
}

/**
 * Takes away a pid file whose process isn't a server on this folder. Of no effect when it is one, or when another process
 * was first: what was taken is looked at once more, and put back.
 */
export async function removeStalePid(dir: string): Promise<void> {
  const file = join(dir, 'postmaster.pid')
  const judged = await readFile(file, 'utf8').catch(() => null)
  if (judged === null || (await findPostmaster(dir))) return
  const taken = `${file}.stale-${process.pid}`
  await rename(file, taken)
  if ((await readFile(taken, 'utf8')) !== judged) await link(taken, file)
  await rm(taken)
}

/**
 * Ends a server and waits until it is gone: `SIGINT` closes its connections and writes everything down; one that isn't
 * gone in time gets `SIGQUIT` and recovers at its next start.
 */
export async function stopPostmaster(dir: string, pid: number, timeoutMs = 20_000): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    const deadline = performance.now() + timeoutMs
    while (performance.now() < deadline) {
      if (!(await runsOn(dir, pid))) return
      await sleep(POLL_MS)
    }
  }
  throw new EmbeddedPostgresError(`Postgres (pid ${pid}) does not stop`)
}

/** A TCP port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no TCP port was given')
  return address.port
}

/** True when something listens on the port. */
export async function isTaken(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Whether the process lives and works on this data folder: a pid file may be a copy, or older than the machine's start. */
async function runsOn(dir: string, pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  if (process.platform !== 'linux') return true
  try {
    // By number, not by path: the folder may be mounted elsewhere for it. A dead process that nobody waits for has no folder.
    const [its, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(dir)])
    return its.dev === ours.dev && its.ino === ours.ino
  } catch {
    return false
  }
}
