import { CursorWriter, type LogCursor } from './log-cursor.ts'
import type { LogInstance, LogRecord } from './log-records.ts'
import { toProblem } from '../../errors/problem.ts'
import type { AppError } from '../../errors/app-error.ts'
import { eventStream, jsonLines, type LiveFormat, sse } from '../../web/index.ts'

type Line = Extract<LogRecord, { kind: 'line' }>
type Notice = Extract<LogRecord, { kind: 'notice' }>

/** How an answer of log lines is written. */
export interface LogFormat {
  readonly live: LiveFormat
  /** A batch as one part. */
  part(records: readonly LogRecord[]): string
}

export const LOG_TYPES = ['text/plain', 'application/x-ndjson', 'text/event-stream'] as const

export function logFormat(
  type: (typeof LOG_TYPES)[number],
  { requestId, timestamps, after }: { requestId: string; timestamps: boolean; after?: LogCursor | undefined },
): LogFormat {
  if (type === 'text/plain') return { live: plainText(requestId), part: plainParts(timestamps) }
  const documents = new Documents()
  if (type === 'application/x-ndjson') {
    const line = (record: LogRecord): string =>
      record.kind === 'line' ? `${documents.line(record)}\n` : `{"notice":${documents.notice(record)}}\n`
    return { live: jsonLines(requestId), part: joined(line) }
  }
  const cursor = new CursorWriter(after)
  const event = (record: LogRecord): string =>
    record.kind === 'line'
      ? `id: ${cursor.after(record)}\nevent: line\ndata: ${documents.line(record)}\n\n`
      : sse({ event: 'notice', data: documents.notice(record) })
  return { live: eventStream(requestId), part: joined(event) }
}

function joined(write: (record: LogRecord) => string): LogFormat['part'] {
  return (records) => {
    let text = ''
    for (const record of records) text += write(record)
    return text
  }
}

/** JSON of records; what is the same in each line of an instance is written once. */
class Documents {
  readonly #heads = new Map<LogInstance, string>()

  line({ instance, line }: Line): string {
    return `{"time":"${line.time}",${this.#head(instance)},"stream":"${line.stream}","text":${JSON.stringify(line.text)},"cut":${line.cut}}`
  }

  notice({ instance, notice: { time, code, message } }: Notice): string {
    return `{"time":"${time}",${this.#head(instance)},"code":"${code}","message":${JSON.stringify(message)}}`
  }

  #head(instance: LogInstance): string {
    let head = this.#heads.get(instance)
    if (head === undefined) {
      const { id, name, service } = instance
      head = JSON.stringify({ service, instance: name, instanceId: id }).slice(1, -1)
      if (this.#heads.size > 200) this.#heads.clear()
      this.#heads.set(instance, head)
    }
    return head
  }
}

function plainParts(timestamps: boolean): LogFormat['part'] {
  return joined((record) => {
    const { name } = record.instance
    if (record.kind === 'notice') return `moorage: ${name}: ${record.notice.message}\n`
    const { time, text, cut } = record.line
    return `${timestamps ? `${time} ` : ''}${name} | ${text}${cut ? ' … [cut at 64 KiB]' : ''}\n`
  })
}

/** The last line of one that ends before its time begins with `moorage: `. */
function plainText(requestId: string): LiveFormat {
  return {
    contentType: 'text/plain; charset=utf-8',
    heartbeat: null,
    last: (error: AppError) => {
      const { code, detail } = toProblem(error, requestId)
      return `moorage: ${code}: ${detail}\n`
    },
  }
}
