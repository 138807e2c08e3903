import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Config, ConfigError, loadConfig } from './config.ts'
import { isAppError } from './errors/app-error.ts'
import { SealError } from './lib/seal.ts'
import { createLog } from './log.ts'
import { createRuntime } from './wiring.ts'

/** A process that does not end within this after SIGTERM is ended. */
const STOP_DEADLINE_MS = 15_000

async function main(): Promise<number> {
  const config = loadConfig(process.env)
  const log = createLog(config.logLevel)
  const runtime = createRuntime(config, log)
  const signalled = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => resolve(signal))
    }
  })
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'a promise was rejected and nobody was there to see it')
    process.exit(70)
  })
  try {
    await Promise.race([runtime.start(), signalled])
    collectGarbage()
    log.info({ signal: await signalled }, 'stopping')
    setTimeout(() => {
      log.fatal('the process did not stop in time')
      process.exit(70)
    }, STOP_DEADLINE_MS).unref()
  } catch (error) {
    const reason = startFailure(error, config)
    // Where the reason is known, the stack is nobody's business.
    if (reason === null) log.fatal({ err: error }, 'the server could not start')
    else log.fatal(`the server could not start: ${reason}`)
    return 1
  } finally {
    await runtime.stop()
  }
  log.info('stopped')
  return 0
}

/**
 * What a start leaves behind goes now: 50 MB of an idle server's 200 that V8 would keep until it has made as much again. Takes 0.1 s.
 */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

const UNUSABLE_FOLDER: ReadonlySet<unknown> = new Set([
  'EACCES',
  'EEXIST',
  'EISDIR',
  'ENOENT',
  'ENOTDIR',
  'EPERM',
  'EROFS',
])

/** What keeps the server from its start and what to do, for a person; null where only the error itself can tell. */
function startFailure(error: unknown, { host, port, dataDir, databaseUrl }: Config): string | null {
  if (!(error instanceof Error)) return null
  const code = 'code' in error ? error.code : null
  const syscall = 'syscall' in error ? error.syscall : null
  if (code === 'EADDRINUSE')
    return `port ${port} of ${host} is taken by another program: set MOORAGE_PORT to a free one`
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo')
    return `${host} is no address of this machine: set MOORAGE_HOST to one that is`
  if (syscall === 'listen')
    return `this user may not listen on port ${port} of ${host}: set MOORAGE_PORT to a higher one`
  if (syscall !== null && UNUSABLE_FOLDER.has(code))
    return `the data folder ${dataDir} can not be used (${error.message}): set MOORAGE_DATA_DIR to one that this user can write to`
  if (error instanceof SealError)
    return `${dataDir}/secret-keys holds no sealing keys (${error.message}): put the copy of it back`
  if (databaseUrl !== null && isAppError(error))
    return `the database at ${URL.canParse(databaseUrl) ? new URL(databaseUrl).host : 'DATABASE_URL'}: ${error.options.detail}`
  return ['EmbeddedPostgresError', 'MigrationError', 'SealingKeysError'].includes(error.name) ? error.message : null
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(
    error instanceof ConfigError
      ? `moorage: ${error.message}\n`
      : `moorage: ${error instanceof Error ? error.stack : String(error)}\n`,
  )
  process.exitCode = error instanceof ConfigError ? 2 : 1
}
process.exit()
