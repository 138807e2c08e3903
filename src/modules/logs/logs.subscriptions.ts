import { badArgument } from '../../web/index.ts'
import type { LogLine, Resolvers } from '../resolver-types/index.ts'
import { tenantFor } from '../tenants/index.ts'
import type { LogRecord } from './log-records.ts'
import { followLogs, type LogsDeps } from './logs.service.ts'

const MOST_TAIL = 10_000

export function logsSubscriptions(deps: LogsDeps): Resolvers {
  return {
    Subscription: {
      logs: {
        async subscribe(_root, { tenant: name, app, service, tail }, { principal, gone }) {
          const tenant = await tenantFor(deps.db.prisma, principal, name, 'read')
          const lines = tail ?? 100
          if (lines < 0 || lines > MOST_TAIL) throw badArgument('tail', `must be from 0 to ${MOST_TAIL}`)
          const batches = await followLogs(deps, {
            tenantId: tenant.id,
            app,
            service: service ?? undefined,
            tail: lines,
            follow: true,
            signal: gone,
          })
          return (async function* () {
            for await (const batch of batches) for (const record of batch) yield { logs: lineOf(record) }
          })()
        },
      },
    },
  }
}

function lineOf(record: LogRecord): LogLine {
  const { id: instanceId, name: instance, service } = record.instance
  const of = { service, instance, instanceId }
  if (record.kind === 'line') return { ...of, ...record.line, notice: null }
  const { time, code, message } = record.notice
  return { ...of, time, stream: null, text: '', cut: false, notice: { code, message } }
}
