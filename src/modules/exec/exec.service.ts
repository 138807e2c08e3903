import type { WebSocket } from '@fastify/websocket'
import type { FastifyBaseLogger } from 'fastify'
import type { ExecQuery } from './exec.schemas.ts'
import { type ExecTarget, findTarget } from './exec.repository.ts'
import { refuse, runSession } from './session.ts'
import type { Database } from '../../db/types.ts'
import type { ExecSession } from '../../drivers/streams.ts'
import { AppError } from '../../errors/app-error.ts'
import { emit, type EventType } from '../../events/index.ts'
import { withDeadline } from '../../lib/abort.ts'
import { newId } from '../../lib/ids.ts'
import { actorOf, type Principal } from '../../web/index.ts'
import type { HostAccess } from '../hosts/index.ts'
import type { Admission, StreamGate } from '../tokens/index.ts'

/** Of one process, and of one tenant in it: each holds a connection to an engine. */
const SESSIONS = 256
const SESSIONS_OF_TENANT = 32
const MOST_CHARACTERS = 8192
/** How long the engine has to show that it is the host's, before the client is let in. */
const CONNECT_MS = 10_000

export interface ExecLimits {
  /** A session in which no byte goes either way for so long is ended. */
  readonly idleMs: number
  /** And one that has lasted so long. */
  readonly totalMs: number
}

export interface ExecDeps {
  readonly db: Database
  readonly hosts: HostAccess
  readonly gate: StreamGate
  readonly exec: ExecLimits
}

/** Who runs what, and where. */
export interface ExecRequest {
  readonly principal: Principal
  readonly tenant: { readonly id: string; readonly name: string }
  readonly target: ExecTarget
  readonly query: ExecQuery
}

export interface ExecSessions {
  /**
   * What is to be known before a client is let in. Throws `not_found` for an instance that is not the tenant's, `conflict` for one that does
   * not run, `too_many_streams`, and what says that its host can't be reached.
   */
  prepare(principal: Principal, tenant: ExecRequest['tenant'], id: string, query: ExecQuery): Promise<ExecRequest>
  /** Runs the command for a client that has been let in; resolves when all of it is over. Never rejects. */
  run(request: ExecRequest, socket: WebSocket, log: FastifyBaseLogger): Promise<void>
  /** Resolves when no session is left. */
  idle(): Promise<void>
}

export function createExecSessions({ db, hosts, gate, exec: limits }: ExecDeps): ExecSessions {
  /** By session: its tenant, and its end. */
  const sessions = new Map<string, { readonly tenantId: string; readonly over: Promise<void> }>()

  const requireRoom = (tenantId: string): void => {
    const ofTenant = [...sessions.values()].filter((session) => session.tenantId === tenantId).length
    if (sessions.size < SESSIONS && ofTenant < SESSIONS_OF_TENANT) return
    throw new AppError('too_many_streams', {
      detail:
        ofTenant < SESSIONS_OF_TENANT
          ? `this process has ${SESSIONS} commands open`
          : `the tenant has ${SESSIONS_OF_TENANT} commands open on this process`,
    })
  }

  const record = async (type: EventType, { tenant, target, principal }: ExecRequest, data: object): Promise<void> => {
    const { app, service, host } = target
    const event = { tenantId: tenant.id, type, app, service, host: host.name, actor: actorOf(principal), data }
    await db.transaction(async (tx) => emit(tx, event))
  }

  const alive = async ({ target }: ExecRequest, signal: AbortSignal): Promise<boolean> => {
    const driver = await hosts.driver(target.host.id)
    return (await driver.inspect(target.nativeId, { signal }))?.state === 'running'
  }

  const run = async (
    session: string,
    request: ExecRequest,
    socket: WebSocket,
    admission: Admission,
    log: FastifyBaseLogger,
  ): Promise<void> => {
    const { target, query } = request
    let recorded = false
    const open = async (signal: AbortSignal): Promise<ExecSession> => {
      const driver = await hosts.connect(target.host.id, { signal })
      // Before it begins, and in a transaction of its own: without the record there is no command.
      await record('exec.started', request, { session, instance: target.id, command: query.command, tty: query.tty })
      recorded = true
      signal.throwIfAborted()
      const { command, tty, columns = 80, rows = 24 } = query
      return await driver.exec(target.nativeId, { command, tty, ...(tty && { size: { columns, rows } }) }, { signal })
    }
    const { exitCode, reason } = await runSession({
      ...limits,
      socket,
      log,
      signal: admission.signal,
      open,
      alive: async (signal) => await alive(request, signal),
    })
    if (!recorded) return
    await record('exec.ended', request, { session, instance: target.id, exitCode, reason }).catch((error: unknown) =>
      log.warn({ err: error, session, exitCode, reason }, 'the end of a command was not recorded'),
    )
  }

  return {
    async prepare(principal, tenant, id, query) {
      if (query.command.join('').length > MOST_CHARACTERS) throw tooLong()
      const target = await findTarget(db.prisma, tenant.id, id)
      if (!target) throw new AppError('not_found', { detail: `the tenant has no instance ${id}` })
      if (target.state !== 'running')
        throw new AppError('conflict', { detail: `the instance does not run: it is ${target.state}` })
      requireRoom(tenant.id)
      await hosts.connect(target.host.id, { signal: withDeadline(CONNECT_MS) })
      return { principal, tenant, target, query }
    },

    async run(request, socket, log) {
      const session = newId()
      const over = Promise.withResolvers<void>()
      let admission: Admission | null = null
      try {
        requireRoom(request.tenant.id)
        sessions.set(session, { tenantId: request.tenant.id, over: over.promise })
        admission = gate.admit(request.principal)
        await run(session, request, socket, admission, log)
      } catch (error) {
        refuse(socket, error, log)
      } finally {
        sessions.delete(session)
        // Its socket may be open a little longer: a server that stops ends that too.
        if (socket.readyState === socket.CLOSED) admission?.close()
        else socket.once('close', () => admission?.close())
        over.resolve()
      }
    },

    async idle() {
      await Promise.all([...sessions.values()].map(async ({ over }) => await over))
    },
  }
}

function tooLong(): AppError {
  const message = `is longer than ${MOST_CHARACTERS} characters`
  return new AppError('bad_request', {
    detail: `/query/command ${message}`,
    errors: [{ path: '/query/command', message }],
  })
}
