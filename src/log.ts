import { type DestinationStream, type LogFn, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** Members that never reach a log, wherever they stand in a line's first three levels. */
const SECRETS = [
  'authorization',
  'token',
  'password',
  'secret',
  'key',
  'cert',
  'ca',
  'privateKey',
  'kubeconfig',
  'environment',
  'env',
  'variables',
  'compose',
  'spec',
]
const PATHS = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/**
 * What a line keeps of an error and its causes: name, code, message, stack. Nothing else: databases put whole rows
 * into an error's details, and the value that they could not read into its message; Prisma puts a whole query there.
 */
function toLine(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutValues(String(error)) }
  const { name, message, stack = '', cause } = error
  // An AppError's words for the log alone.
  const internal = 'options' in error && isRecord(error.options) ? error.options.internal : undefined
  return {
    type: name,
    ...('code' in error && { code: error.code }),
    message: withoutValues(message),
    ...(typeof internal === 'string' && { internal: withoutValues(internal) }),
    stack: withoutValues(stack),
    ...(cause !== undefined && depth < 5 && { cause: toLine(cause, depth + 1) }),
  }
}

/** A line that has an error and no words would get the error's own, as they are. */
function withMessage(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [first, ...rest] = args
  const held: unknown = first
  const error = held instanceof Error ? held : isRecord(held) ? held.err : null
  if (!(error instanceof Error) || rest.length > 0) return method.apply(this, args)
  method.call(
    this,
    { ...(isRecord(held) && !(held instanceof Error) && held), err: error },
    withoutValues(error.message),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function withoutValues(text: string): string {
  return text
    .replaceAll(/^\{$[\s\S]*^\}$/gm, '{…}')
    .replaceAll(/(invalid input (?:syntax|value) for [\w ]+: )"[^\n]*"/g, '$1"…"')
    .replaceAll(/((?:value|time zone displacement|field value) (?:out of range|overflows)[\w ]*: )"[^\n]*"/g, '$1"…"')
}

/**
 * The process's log: JSON lines on stdout, pretty on a terminal; secrets redacted. `destination` is for tests.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    redact: { paths: PATHS, censor: '[redacted]' },
    hooks: { logMethod: withMessage },
    serializers: { err: (error: unknown) => toLine(error) },
  }
  if (destination) return pino(options, destination)
  if (process.stdout.isTTY)
    return pino(options, pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' }))
  return pino(options)
}
