import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { readCursor } from './log-cursor.ts'
import { LOG_TYPES, logFormat } from './log-formats.ts'
import type { LogRecord } from './log-records.ts'
import { LogsHeaders, logSchemas, LogsQuery } from './logs.schemas.ts'
import { followLogs, type LogsDeps } from './logs.service.ts'
import { AppError } from '../../errors/app-error.ts'
import {
  addSchemas,
  closed,
  type LiveTiming,
  Name,
  preferredType,
  principalOf,
  problemResponses,
  type Routes,
  sendLive,
} from '../../web/index.ts'
import { tenantFor } from '../tenants/index.ts'
import type { StreamGate } from '../tokens/index.ts'

export interface LogsRoutesDeps extends LogsDeps {
  readonly gate: StreamGate
  readonly liveTiming?: LiveTiming
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i
const AGO = /^(\d{1,9})([smhd])$/
/** The end of the year 9999. */
const LATEST_MS = 253_402_300_799_000
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** What an app's instances write. */
export function logsRoutes(deps: LogsRoutesDeps) {
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    addSchemas(app, logSchemas)
    app.get(
      '/v1/tenants/:tenant/apps/:app/logs',
      {
        schema: {
          operationId: 'getAppLogs',
          tags: ['logs'],
          summary: 'What all instances write, merged in the order of time',
          params: closed({ tenant: Name, app: Name }),
          querystring: LogsQuery,
          headers: LogsHeaders,
          response: {
            200: {
              description:
                'Lines as text (`<instance> | <text>`); as JSON documents `LogLine`, one a line; or as events `line` with ids to go on from. A line `moorage: …`, a member `notice` or an event `notice` says why lines of an instance are missing.',
              content: {
                'text/plain': { schema: Type.String() },
                'application/x-ndjson': { schema: Type.String() },
                'text/event-stream': { schema: Type.String() },
              },
            },
            ...problemResponses(401, 404, 429),
          },
        },
      },
      async (request, reply) => {
        const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'read')
        const { tail, since, follow, timestamps, service, instance: ofInstance } = request.query
        const type = preferredType(request.headers, LOG_TYPES)
        const last = request.headers['last-event-id']
        const after =
          type === 'text/event-stream' && last !== undefined && last !== ''
            ? readCursor(last, '/headers/last-event-id')
            : undefined
        const wish = {
          ...{ tenantId: tenant.id, app: request.params.app, service, instance: ofInstance, follow, after },
          tail: tail === 'all' ? Infinity : Number(tail),
          since: since === undefined ? undefined : readSince(since),
        }
        const { live, part } = logFormat(type, { requestId: request.id, timestamps, after })
        const admission = deps.gate.admit(principalOf(request))
        try {
          await sendLive(reply, {
            format: live,
            signal: admission.signal,
            open: async (signal) => parts(await followLogs(deps, { ...wish, signal }), part),
            ...(deps.liveTiming && { timing: deps.liveTiming }),
          })
        } finally {
          admission.close()
        }
        return reply
      },
    )
  }
}

async function* parts(
  batches: AsyncIterable<readonly LogRecord[]>,
  part: (records: readonly LogRecord[]) => string,
): AsyncGenerator<string> {
  for await (const batch of batches) if (batch.length > 0) yield part(batch)
}

/** A time, or how long ago: in UTC with nine digits of a second. Throws `bad_request`. */
function readSince(text: string): string {
  const [, count, unit = ''] = AGO.exec(text) ?? []
  const [, seconds = '', fraction = '', zone = ''] = TIME.exec(text.toUpperCase()) ?? []
  const at = count === undefined ? Date.parse(`${seconds}${zone}`) : Date.now() - Number(count) * (UNIT_MS[unit] ?? 0)
  // The last of February and its kin: a day that there is not becomes one of the next month.
  const isDay = count !== undefined || toSeconds(Date.parse(`${seconds}Z`)) === seconds
  if (Number.isNaN(at) || at > LATEST_MS || !isDay) {
    const message = 'is neither a time of RFC 3339 nor a number with s, m, h or d'
    throw new AppError('bad_request', {
      detail: `/query/since ${message}`,
      errors: [{ path: '/query/since', message }],
    })
  }
  return `${toSeconds(Math.max(0, at))}.${fraction.padEnd(9, '0')}Z`
}

function toSeconds(ms: number): string {
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString().slice(0, 19)
}
