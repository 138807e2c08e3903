import { ConfigError, loadConfig } from './config.ts'
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
    log.info({ signal: await signalled }, 'stopping')
    setTimeout(() => {
      log.fatal('the process did not stop in time')
      process.exit(70)
    }, STOP_DEADLINE_MS).unref()
  } catch (error) {
    log.fatal({ err: error }, 'the server could not start')
    return 1
  } finally {
    await runtime.stop()
  }
  log.info('stopped')
  return 0
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
