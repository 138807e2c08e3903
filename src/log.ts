import { type DestinationStream, type Logger, pino } from 'pino'
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
 * The process's log: JSON lines on stdout, pretty on a terminal; secrets redacted. `destination` is for tests.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    redact: { paths: PATHS, censor: '[redacted]' },
  }
  if (destination) return pino(options, destination)
  if (process.stdout.isTTY)
    return pino(options, pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' }))
  return pino(options)
}
