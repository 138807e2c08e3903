import websocket from '@fastify/websocket'
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import { randomUUID } from 'node:crypto'
import type { Database } from '../db/index.ts'
import { AppError } from '../errors/app-error.ts'
import { createEventFeeds, type EventFeeds } from '../events/index.ts'
import type { Sealer } from '../lib/seal.ts'
import { appRoutes } from '../modules/apps/index.ts'
import { eventsRoutes } from '../modules/events/index.ts'
import { type ExecLimits, execRoutes } from '../modules/exec/index.ts'
import { type HostAccess, hostsRoutes } from '../modules/hosts/index.ts'
import { createQuestions, type Questions } from '../modules/questions/index.ts'
import { createStatsHub, type StatsHub, statsRoutes } from '../modules/stats/index.ts'
import { logsRoutes, LogStreams } from '../modules/logs/index.ts'
import { tenantsRoutes } from '../modules/tenants/index.ts'
import { createStreamGate, type StreamGate, tokensRoutes } from '../modules/tokens/index.ts'
import { webhooksRoutes } from '../modules/webhooks/index.ts'
import type { Outbound } from '../outbound/index.ts'
import { addSchemas, type LiveTiming, sendProblem, toAppError, webSchemas } from '../web/index.ts'
import { authenticateRequest } from './auth.ts'
import { answerClientError, CHECK_MS, HEADERS_MS, REQUEST_MS } from './client-error.ts'
import { docsPage } from './docs-page.ts'
import { healthRoutes, type ReadinessChecks } from './health.ts'
import { checkInput } from './input-check.ts'
import { createMetrics } from './metrics.ts'
import { registerOpenapi } from './openapi.ts'
import { problemRoutes } from './problems.ts'
import { RequestLog } from './request-log.ts'
import { createRouteTable } from './route-table.ts'
import { buildSerializer } from './serialization.ts'
import { closeRefusedUpgrades } from './upgrades.ts'
import { buildValidator } from './validation.ts'

const BODY_LIMIT = 1_048_576
/** Of all WebSocket routes; one that takes another than was chosen refuses it. */
const PROTOCOLS = ['graphql-transport-ws', 'v5.channel.k8s.io']
const EXEC_LIMITS: ExecLimits = { idleMs: 900_000, totalMs: 28_800_000 }
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/

/** What everything that stays open shares. */
export interface LiveParts {
  readonly feeds: EventFeeds
  readonly gate: StreamGate
  readonly stats: StatsHub
  readonly logs: LogStreams
  readonly questions: Questions
}

export interface ServerDeps {
  readonly db: Database
  readonly sealer: Sealer
  readonly hosts: HostAccess
  /** The way to addresses that tenants choose. */
  readonly outbound: Outbound
  /** The installation's id. */
  readonly installation: string
  /** pino's; each line of a request carries `requestId`. */
  readonly log: FastifyBaseLogger
  /** What must be up beside the database, by name. */
  readonly checks: ReadinessChecks
  /** More route plugins, made with what the server's live answers share. */
  readonly routes?: (live: LiveParts) => readonly FastifyPluginAsync[]
  readonly liveTiming?: LiveTiming
  /** Default 5000. */
  readonly historyKeptMs?: number
  /** Default: 15 minutes and 8 hours. */
  readonly exec?: ExecLimits
  /** Default 24. */
  readonly idempotencyHours?: number
}

/**
 * The API, ready to listen. Every error leaves as application/problem+json; the order of what is registered is what makes that
 * true: error handler, then hooks, then routes. `close()` lets requests under way end and answers new ones 503.
 */
export async function buildServer(deps: ServerDeps): Promise<FastifyInstance> {
  const { db, log } = deps
  const routeTable = createRouteTable()
  const live: LiveParts = {
    feeds: createEventFeeds(deps),
    gate: createStreamGate(deps),
    stats: createStatsHub(deps),
    logs: new LogStreams(),
    questions: createQuestions(deps),
  }
  const metrics = createMetrics({ ...deps, openStreams: () => live.gate.open })
  let draining = false

  const app: FastifyInstance = fastify({
    loggerInstance: log,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_MS },
    clientErrorHandler: answerClientError,
    genReqId: ({ headers }) => requestId(headers['x-request-id']),
    logController: new RequestLog(log),
    // Its own 503 is no problem document: ours is thrown below.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 100 },
    schemaController: { compilersFactory: { buildSerializer, buildValidator } },
    frameworkErrors(error, request, reply) {
      reply.header('x-request-id', request.id)
      void sendProblem(reply, toAppError(error, request))
    },
  })

  app.setErrorHandler((error, request, reply) => {
    const appError = toAppError(error, request)
    const { internal, cause } = appError.options
    const line = { code: appError.code, internal, err: cause ?? (appError.status >= 500 ? appError : undefined) }
    if (appError.status >= 500) request.log.error(line, appError.message)
    else request.log.debug(line, appError.message)
    return sendProblem(reply, appError)
  })
  app.setNotFoundHandler((request) => {
    const allowed = routeTable.methodsOf(request.url)
    throw allowed.length > 0 && !allowed.includes(request.method)
      ? new AppError('method_not_allowed', {
          detail: `${request.method} is not allowed here; ${allowed.join(', ')} ${allowed.length > 1 ? 'are' : 'is'}`,
          headers: { allow: allowed.join(', ') },
        })
      : new AppError('not_found', { detail: 'there is no such route' })
  })

  app.decorateRequest('principal', null)
  app.decorateRequest('isLive', false)
  app.addHook('preClose', async () => {
    draining = true
    await live.gate.close()
    await live.feeds.close()
    live.stats.close()
    await live.questions.close()
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (draining)
      throw new AppError('unavailable', {
        detail: 'this server is stopping',
        headers: { connection: 'close', 'retry-after': '1' },
      })
    await authenticateRequest(db, request)
  })
  app.addHook('preValidation', async (request) => checkInput(request))
  app.addHook('onRoute', ({ method, url }) => routeTable.add(method, url))
  app.addHook('onResponse', async (request, reply) => {
    // How long somebody watched is not how long an answer took.
    if (request.isLive || request.ws) return
    const route = request.routeOptions.url ?? 'unmatched'
    metrics.requestSeconds.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
  })
  onlyJson(app)

  closeRefusedUpgrades(app)
  await app.register(websocket, {
    errorHandler(error, socket, request) {
      // A client's own mistake (a message that is too long, no frame at all): it is told by the socket's close.
      if ('code' in error && String(error.code).startsWith('WS_ERR_')) return
      request.log.error({ err: error }, 'a WebSocket broke off')
      socket.terminate()
    },
    options: {
      maxPayload: BODY_LIMIT,
      handleProtocols: (offered) => PROTOCOLS.find((known) => offered.has(known)) ?? false,
    },
  })
  addSchemas(app, webSchemas)
  await registerOpenapi(app)
  await app.register(docsPage)
  await app.register(healthRoutes({ db, checks: deps.checks, metrics }))
  await app.register(problemRoutes)
  await app.register(tenantsRoutes(deps))
  await app.register(tokensRoutes(deps))
  await app.register(hostsRoutes(deps))
  await app.register(appRoutes(deps))
  await app.register(webhooksRoutes(deps))
  await app.register(eventsRoutes({ ...deps, ...live }))
  await app.register(statsRoutes({ ...deps, ...live }))
  await app.register(logsRoutes({ ...deps, ...live }))
  await app.register(execRoutes({ ...deps, ...live, exec: deps.exec ?? EXEC_LIMITS }))
  for (const plugin of deps.routes?.(live) ?? []) await app.register(plugin)
  await app.ready()
  return app
}

/** The caller's id where it is one that a log can hold, else a new one. */
function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
}

/** JSON alone, and no body where there are no bytes (clients set the content type on a bare POST or DELETE too). */
function onlyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    void parse(request, String(body), done)
  })
}
