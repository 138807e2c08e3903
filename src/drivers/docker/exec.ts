import type Docker from 'dockerode'
import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { CallOptions } from '../driver.ts'
import type { ExecOptions, ExecSession } from '../streams.ts'
import { AppError } from '../../errors/app-error.ts'
import { sleep, withDeadline } from '../../lib/abort.ts'
import { KILL, MARK } from '../exec-mark.ts'
import { type ContainerInfo, type Context, inspectContainer } from './context.ts'
import type { EngineRequest } from './engine.ts'
import { type Frame, FrameDecoder } from './frames.ts'
import { LABELS } from '../labels.ts'
import { mapConnectionError, Refusal } from './map-error.ts'

/** An engine that is older takes a terminal's size only once the command runs. */
const MINOR_OF_CONSOLE_SIZE = 42
const POLL_MS = { first: 20, most: 1000 }
/**
 * An engine takes a sequence of keys as the wish to let go of a terminal, and holds back the first until it sees the second; there is no
 * way to have none. Its own is Ctrl-P, which shells use; nobody types this one.
 */
const DETACH_KEYS = Array.from({ length: 8 }, () => 'ctrl-^,ctrl-_').join(',')
/** How long a command that is let go of is hunted, and how long one look for it may take. */
const KILL_MS = 5000
const KILL_ROUND_MS = 1000
/** What Ctrl-D types: a terminal's end of the input. */
const END_OF_INPUT = '\u0004'

/** Runs a command in a container of ours that runs. Throws `not_found` where there is none, `conflict` where it does not run. */
export async function exec(
  context: Context,
  ref: string,
  wanted: ExecOptions,
  call: CallOptions,
): Promise<ExecSession> {
  const { engine, identity } = context
  const container = await inspectContainer({ engine, call }, ref)
  if (container?.Config.Labels[LABELS.installation] !== identity.installation) throw noInstance()
  if (!container.State.Running || container.State.Paused) throw notRunning()
  const { minor } = await engine.negotiate(call)
  const mark = `${MARK}=${randomUUID()}`
  const size =
    wanted.tty && wanted.size && minor >= MINOR_OF_CONSOLE_SIZE
      ? { ConsoleSize: [wanted.size.rows, wanted.size.columns] }
      : {}
  const { Id: id } = await made(
    engine.request<{ Id: string }>(call, {
      method: 'POST',
      path: `/containers/${container.Id}/exec`,
      body: {
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: wanted.tty,
        Cmd: wanted.command,
        Env: [mark],
        ...(wanted.tty && { DetachKeys: DETACH_KEYS }),
        ...size,
      },
    }),
  )
  const running: Running = { context, container, id, mark, tty: wanted.tty, call }
  const start: EngineRequest = {
    method: 'POST',
    path: `/exec/${id}/start`,
    body: { Detach: false, Tty: wanted.tty, ...size },
  }
  const begun = engine.hijack(call, start).catch(async (error: unknown) => {
    // It may have begun all the same, where it was not the engine that said no.
    if (!(error instanceof Refusal)) await kill(running)
    throw error
  })
  const connection = await made(begun)
  const session = toSession(running, connection)
  if (wanted.size && minor < MINOR_OF_CONSOLE_SIZE) await session.resize(wanted.size)
  return session
}

interface Running {
  readonly context: Context
  readonly container: ContainerInfo
  /** The engine's, of the command. */
  readonly id: string
  readonly mark: string
  readonly tty: boolean
  readonly call: CallOptions
}

function toSession(running: Running, connection: Duplex): ExecSession {
  const { context, id, tty, call } = running
  const { engine } = context
  const { signal } = call
  let killed: Promise<void> | null = null
  let over = false
  connection.on('error', () => {})
  const onAbort = (): void => {
    connection.destroy()
    killed = kill(running)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  const ended = (): void => {
    over = true
    signal.removeEventListener('abort', onAbort)
  }

  const inspect = async (): Promise<number | null> => {
    // A command may close its outputs and go on.
    for (let waitMs = POLL_MS.first; ; waitMs = Math.min(waitMs * 2, POLL_MS.most)) {
      const info = await engine.find<Docker.ExecInspectInfo>(call, { method: 'GET', path: `/exec/${id}/json` })
      if (!info?.Running) {
        ended()
        return info?.ExitCode ?? null
      }
      await sleep(waitMs, signal)
    }
  }

  return {
    output: read(connection, tty ? null : new FrameDecoder(), signal),
    async write(data) {
      await new Promise<void>((resolve) => {
        if (!connection.writable) return resolve()
        const done = (): void => {
          connection.off('close', done)
          resolve()
        }
        connection.once('close', done)
        connection.write(data, done)
      })
    },
    endInput() {
      if (!connection.writable) return
      // To end its input would be to let go of a terminal: the engine closes its output too, and the command goes on.
      if (tty) connection.write(END_OF_INPUT)
      else connection.end()
    },
    async resize({ columns, rows }) {
      if (!tty || over || signal.aborted) return
      const request: EngineRequest = { method: 'POST', path: `/exec/${id}/resize`, query: { h: rows, w: columns } }
      await engine.request(call, request).catch((error: unknown) => {
        // It has ended, or never began.
        if (!(error instanceof Refusal)) throw error
      })
    },
    async exitCode() {
      try {
        return await inspect()
      } catch (error) {
        await killed
        throw error
      }
    },
  }
}

async function* read(connection: Duplex, decoder: FrameDecoder | null, signal: AbortSignal): AsyncGenerator<Frame> {
  try {
    for await (const chunk of connection) {
      const data = Buffer.from(chunk)
      if (decoder) yield* decoder.frames(data)
      else yield { stream: 'stdout', data }
    }
  } catch (error) {
    if (!signal.aborted) throw mapConnectionError(error, 'running a command')
  } finally {
    connection.destroy()
  }
}

/**
 * Ends a command and all that it started, where the container has a shell and lets its user look and kill: there is no other way.
 * Resolves when it has ended, or in 5 s; never rejects.
 */
async function kill({ context: { engine }, container, id, mark, call: { guard } }: Running): Promise<void> {
  const call: CallOptions = { signal: withDeadline(KILL_MS), ...(guard && { guard }) }
  const path = `/exec/${id}/json`
  try {
    for (;;) {
      const made = await engine.request<{ Id: string }>(call, {
        method: 'POST',
        path: `/containers/${container.Id}/exec`,
        body: { Cmd: ['/bin/sh', '-c', KILL, mark] },
      })
      await engine.request(call, { method: 'POST', path: `/exec/${made.Id}/start`, body: { Detach: true } })
      for (let waitedMs = 0; waitedMs < KILL_ROUND_MS; waitedMs += POLL_MS.first * 2) {
        const info = await engine.find<Docker.ExecInspectInfo>(call, { method: 'GET', path })
        if (!info?.Running) return
        await sleep(POLL_MS.first * 2, call.signal)
      }
    }
  } catch {
    // No shell, no container any more, or no engine: what it runs there goes with its container.
  }
}

async function made<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) throw noInstance(error)
    if (error instanceof Refusal && error.status === 409) throw notRunning(error)
    throw error
  }
}

function noInstance(cause?: unknown): AppError {
  return new AppError('not_found', { detail: 'there is no such instance', cause })
}

function notRunning(cause?: unknown): AppError {
  return new AppError('conflict', { detail: 'the instance does not run', cause })
}
