import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type, { type TSchema } from 'typebox'
import { readAppHistory } from './history.service.ts'
import { AppStats, AppStatsQuery, StatsHistory, statsSchemas, TenantStats, TenantStatsQuery } from './stats.schemas.ts'
import { followAppStats, followTenantStats, readAppStats, readTenantStats, type StatsDeps } from './stats.service.ts'
import { AppError } from '../../errors/app-error.ts'
import {
  addSchemas,
  closed,
  eventStream,
  jsonLines,
  type LiveTiming,
  Name,
  preferredType,
  principalOf,
  problemResponses,
  ref,
  type Routes,
  sendLive,
  sse,
} from '../../web/index.ts'
import { tenantFor } from '../tenants/index.ts'
import type { StreamGate } from '../tokens/index.ts'

export interface StatsRoutesDeps extends StatsDeps {
  readonly gate: StreamGate
  readonly liveTiming?: LiveTiming
}

const tags = ['stats']
const ok = (schema: TSchema) => ({
  description:
    'Now; with `follow` a stream of the same about once a second, as server-sent events `stats` (or `application/x-ndjson`).',
  content: {
    'application/json': { schema },
    'text/event-stream': { schema: Type.String() },
    'application/x-ndjson': { schema: Type.String() },
  },
})

/** CPU, memory, network and block I/O of apps and tenants. */
export function statsRoutes(deps: StatsRoutesDeps) {
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    const { db } = deps
    addSchemas(app, statsSchemas)

    app.get(
      '/v1/tenants/:tenant/apps/:app/stats',
      {
        schema: {
          operationId: 'getAppStats',
          tags,
          summary: 'What an app, its services and its instances use',
          params: closed({ tenant: Name, app: Name }),
          querystring: AppStatsQuery,
          response: { 200: ok(Type.Union([ref(AppStats), ref(StatsHistory)])), ...problemResponses(401, 404, 429) },
        },
      },
      async (request, reply) => {
        const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
        const { follow, history } = request.query
        const of = { tenantId: tenant.id, app: request.params.app }
        if (follow && history) throw notBoth()
        if (follow)
          return await live(deps, request, reply, async (signal) => await followAppStats(deps, { ...of, signal }))
        const read = history ? readAppHistory : readAppStats
        return await read(deps, { ...of, signal: goneSignal(reply) })
      },
    )

    app.get(
      '/v1/tenants/:tenant/stats',
      {
        schema: {
          operationId: 'getTenantStats',
          tags,
          summary: 'What a tenant and its apps use',
          params: closed({ tenant: Name }),
          querystring: TenantStatsQuery,
          response: { 200: ok(ref(TenantStats)), ...problemResponses(401, 404, 429) },
        },
      },
      async (request, reply) => {
        const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
        const of = { tenantId: tenant.id }
        if (request.query.follow)
          return await live(deps, request, reply, async (signal) => followTenantStats(deps, { ...of, signal }))
        return await readTenantStats(deps, { ...of, signal: goneSignal(reply) })
      },
    )
  }
}

async function live(
  { gate, liveTiming }: StatsRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  open: (signal: AbortSignal) => Promise<AsyncIterable<AppStats | TenantStats>>,
) {
  const type = preferredType(request.headers, ['text/event-stream', 'application/x-ndjson'])
  const lines = type === 'application/x-ndjson'
  const admission = gate.admit(principalOf(request))
  try {
    await sendLive(reply, {
      format: lines ? jsonLines(request.id) : eventStream(request.id),
      signal: admission.signal,
      open: async (signal) => parts(await open(signal), lines),
      ...(liveTiming && { timing: liveTiming }),
    })
  } finally {
    admission.close()
  }
  return reply
}

async function* parts(documents: AsyncIterable<AppStats | TenantStats>, lines: boolean): AsyncGenerator<string> {
  for await (const document of documents) {
    const data = JSON.stringify(document)
    yield lines ? `${data}\n` : sse({ event: 'stats', data })
  }
}

/** Aborts when the client goes away. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => gone.abort(new AppError('unavailable', { detail: 'the client went away' })))
  return gone.signal
}

function notBoth(): AppError {
  const message = 'is either given with true, or `history` is'
  return new AppError('bad_request', {
    detail: `/query/follow ${message}`,
    errors: [{ path: '/query/follow', message }],
  })
}
