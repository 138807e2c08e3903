import { randomUUID } from 'node:crypto'
import type { CallOptions, Driver } from '../driver.ts'
import type { ExecOptions, ExecSession } from '../streams.ts'
import { AppError } from '../../errors/app-error.ts'
import { linked, sleep, withDeadline, within } from '../../lib/abort.ts'
import { KILL, MARK } from '../exec-mark.ts'
import type { Context } from './context.ts'
import { ExecChannels } from './exec-channels.ts'
import { isFinished, mainContainer, ownPod, parseNativeId, podPath, statusOf } from './instances.ts'
import { edge } from './map-error.ts'
import { Refusal } from './refusal.ts'

const DOING = 'running a command'
/** The newest first. v5 (Kubernetes 1.30 and newer) can end an input. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
/** How long a command that is let go of is hunted, and how long one look for it may take. */
const KILL_MS = 5000
const KILL_ROUND_MS = 1000
const PAUSE_MS = 50
/** What Ctrl-D types: a terminal's end of the input. */
const END_OF_INPUT = '\u0004'
/** Exits with 0 in an image that has both: a command can be marked there, and what is marked be killed. Says nothing of the environment. */
const CHECK = ['env', '-i', '/bin/sh', '-c', ':']
const MOST_KNOWN = 1000

/** Where a command runs. */
interface Place {
  readonly path: string
  readonly container: string
  readonly imageId: string
}

interface Started extends Pick<ExecOptions, 'command' | 'tty'> {
  readonly stdin: boolean
}

/**
 * Runs commands in pods of ours that run. Throws `not_found` where there is none, `conflict` where it does not run. The API server passes no
 * environment on: where the image has `env` and a shell, the command is started by `env`, so that it can be found and killed.
 */
export function execRunner(context: Context): Driver['exec'] {
  const markable = new Map<string, boolean>()

  const start = async (place: Place, { command, tty, stdin }: Started, call: CallOptions): Promise<ExecChannels> => {
    const query = { container: place.container, command, stdin, stdout: true, stderr: !tty, tty }
    return new ExecChannels(await context.client.socket(call, `${place.path}/exec`, query, PROTOCOLS), tty)
  }

  /** What a command that takes no input says, and how it ends. */
  const runToEnd = async (place: Place, command: readonly string[], call: CallOptions) => {
    const channels = await start(place, { command, tty: false, stdin: false }, call)
    let said = ''
    for await (const { data } of channels.output(call.signal)) said ||= data.toString('latin1', 0, 1000)
    return { said, exitCode: await channels.exitCode() }
  }

  const isMarkable = async (place: Place, call: CallOptions): Promise<boolean> => {
    const known = markable.get(place.imageId)
    if (known !== undefined) return known
    const { exitCode } = await runToEnd(place, CHECK, call)
    call.signal.throwIfAborted()
    if (markable.size >= MOST_KNOWN) markable.clear()
    if (exitCode !== null) markable.set(place.imageId, exitCode === 0)
    return exitCode === 0
  }

  /**
   * Ends a command and all that it started, where the container lets its user look and kill: there is no other way, a command outlives its
   * connection. Resolves when it has ended (as `ended` says) and nothing is found any more, or in 5 s; never rejects.
   */
  const kill = async (
    place: Place,
    { mark, ended }: { readonly mark: string; readonly ended: Promise<unknown> },
    { guard }: CallOptions,
  ): Promise<void> => {
    const call: CallOptions = { signal: withDeadline(KILL_MS), ...(guard && { guard }) }
    try {
      for (;;) {
        const { said } = await runToEnd(place, ['/bin/sh', '-c', KILL, mark], call)
        const hasEnded = await within(said === '' ? KILL_ROUND_MS : PAUSE_MS, ended)
        if (said === '' && hasEnded) return
        await sleep(PAUSE_MS, call.signal)
      }
    } catch {
      // No container any more, or no cluster: what it runs there goes with its container.
    }
  }

  /** Begins it on a connection that the call's signal does not end: whether a command that is killed has ended, the connection tells. */
  const begin = async (
    place: Place,
    started: Started,
    { isMarked, mark }: { readonly isMarked: boolean; readonly mark: string },
    call: CallOptions,
  ): Promise<ExecChannels> => {
    const opening = linked(call.signal)
    try {
      return await start(place, started, { ...call, signal: opening.signal })
    } catch (error) {
      // It may have begun all the same, where it was not the API server that said no.
      if (isMarked && !(error instanceof Refusal)) await kill(place, { mark, ended: sleep(KILL_ROUND_MS) }, call)
      throw error
    } finally {
      opening.letGo()
    }
  }

  const run = async (nativeId: string, wanted: ExecOptions, call: CallOptions): Promise<ExecSession> => {
    const place = await placeOf(context, nativeId, call)
    // A program of such a name would be taken for a variable.
    const isMarked = wanted.command[0]?.includes('=') === false && (await isMarkable(place, call))
    const mark = `${MARK}=${randomUUID()}`
    const command = isMarked ? ['env', mark, ...wanted.command] : wanted.command
    const channels = await begin(place, { command, tty: wanted.tty, stdin: true }, { isMarked, mark }, call)
    let killed: Promise<void> = Promise.resolve()
    const onAbort = (): void => {
      const hunted = isMarked ? kill(place, { mark, ended: channels.ended }, call) : Promise.resolve()
      killed = hunted.finally(() => channels.letGo())
    }
    call.signal.addEventListener('abort', onAbort, { once: true })
    if (call.signal.aborted) onAbort()
    void channels.ended.then(() => call.signal.removeEventListener('abort', onAbort))
    if (wanted.tty && wanted.size) await channels.resize(wanted.size)
    return {
      output: channels.output(call.signal),
      write: async (data) => {
        if (!call.signal.aborted) await channels.write(data)
      },
      endInput() {
        if (call.signal.aborted) return
        if (wanted.tty) void channels.write(Buffer.from(END_OF_INPUT))
        else channels.endInput()
      },
      async resize(size) {
        if (wanted.tty && !call.signal.aborted) await channels.resize(size)
      },
      async exitCode() {
        if (!call.signal.aborted) await channels.endedOr(call.signal)
        if (!call.signal.aborted) return await channels.exitCode()
        await killed
        throw call.signal.reason
      },
    }
  }

  return async (nativeId, wanted, call) => await edge(DOING, async () => await run(nativeId, wanted, call))
}

async function placeOf(context: Context, nativeId: string, call: CallOptions): Promise<Place> {
  const ref = parseNativeId(nativeId)
  const pod = await ownPod(context, nativeId, call)
  const container = pod && mainContainer(pod)
  if (!ref || !pod || !container) throw new AppError('not_found', { detail: 'there is no such instance' })
  const status = statusOf(pod, container)
  if (isFinished(pod) || !status?.state?.running)
    throw new AppError('conflict', { detail: 'the instance does not run' })
  return { path: podPath(ref), container: container.name, imageId: status.imageID ?? container.image }
}
