import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { withDeadline } from '../lib/abort.ts'
import type { Database } from '../db/types.ts'
import { closed, oneOf, problemResponses, ref, Problem, type Routes } from '../web/index.ts'
import type { Metrics } from './metrics.ts'

export interface CheckResult {
  readonly ok: boolean
  /** For operators: no secret, no address with credentials. */
  readonly message?: string
}
/** What must be up before this process takes work, by name (e.g. `migrations`, `worker`). */
export type ReadinessChecks = Readonly<Record<string, (() => CheckResult | Promise<CheckResult>) | undefined>>

const CHECK_MS = 2000
const Check = closed({ ok: Type.Boolean(), message: Type.Optional(Type.String()) })
const Readiness = closed({ status: oneOf(['ready', 'unready']), checks: Type.Record(Type.String(), Check) })

/** Routes without a token: is the process alive, is it ready, what does it measure. */
export function healthRoutes({ db, checks, metrics }: { db: Database; checks: ReadinessChecks; metrics: Metrics }) {
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    const all: ReadinessChecks = { database: () => checkDatabase(db), ...checks }

    app.get(
      '/healthz',
      {
        schema: {
          operationId: 'getHealth',
          tags: ['process'],
          summary: 'The process is alive',
          security: [],
          response: { 200: closed({ status: Type.Literal('ok') }), ...problemResponses() },
        },
      },
      async () => ({ status: 'ok' as const }),
    )

    app.get(
      '/readyz',
      {
        schema: {
          operationId: 'getReadiness',
          tags: ['process'],
          summary: 'Each thing that must be up, by name',
          security: [],
          response: {
            ...problemResponses(),
            200: Readiness,
            503: {
              description: 'Something is missing.',
              content: {
                'application/json': { schema: Readiness },
                'application/problem+json': { schema: ref(Problem) },
              },
            },
          },
        },
      },
      async (_request, reply) => {
        const results = await Promise.all(
          Object.entries(all).map(
            async ([name, check]) => [name, check ? await runCheck(check) : { ok: true }] as const,
          ),
        )
        const ready = results.every(([, { ok }]) => ok)
        return reply
          .header('cache-control', 'no-store')
          .code(ready ? 200 : 503)
          .type('application/json')
          .send({ status: ready ? 'ready' : 'unready', checks: Object.fromEntries(results) })
      },
    )

    app.get(
      '/metrics',
      {
        schema: {
          operationId: 'getMetrics',
          tags: ['process'],
          summary: 'Prometheus text; series that name tenants for an admin token alone',
          security: [{}, { bearer: [] }],
          response: {
            ...problemResponses(401),
            200: { description: 'Prometheus text.', content: { 'text/plain': { schema: Type.String() } } },
          },
        },
      },
      async (request, reply) => {
        const { contentType, text } = await metrics.render({ tenants: request.principal?.role === 'admin' })
        return reply.header('content-type', contentType).send(text)
      },
    )
  }
}

async function runCheck(check: () => CheckResult | Promise<CheckResult>): Promise<CheckResult> {
  try {
    const signal = withDeadline(CHECK_MS)
    const late = new Promise<CheckResult>((resolve) => {
      signal.addEventListener('abort', () => resolve({ ok: false, message: `no answer in ${CHECK_MS} ms` }), {
        once: true,
      })
    })
    return await Promise.race([check(), late])
  } catch {
    return { ok: false, message: 'the check failed' }
  }
}

async function checkDatabase(db: Database): Promise<CheckResult> {
  try {
    await db.ping(CHECK_MS)
    return { ok: true }
  } catch {
    return { ok: false, message: 'the database does not answer' }
  }
}
