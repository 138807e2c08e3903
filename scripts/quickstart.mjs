// From nothing to a running app: `npm run quickstart [-- --exit]`. Plain Node 20, no packages.
import { ensureEngine } from './docker-engine.mjs'
import { apiClient } from './quickstart/api.mjs'
import { bringUpHello, untilHostReady } from './quickstart/hello-app.mjs'
import { ensureHelloImage } from './quickstart/hello-image.mjs'
import { progress, StepFailed } from './quickstart/progress.mjs'
import { dataDir, startServer } from './quickstart/server.mjs'
import { ensureSetup } from './setup.mjs'

const stopping = new AbortController()
/** @type {Promise<string>} */
const asked = new Promise((resolve) => {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      stopping.abort(new Error('stopped'))
      resolve(signal)
    })
  }
})

const begun = performance.now()
const step = progress()
/** @type {{ server?: import('./quickstart/server.mjs').Server }} */
const started = {}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof StepFailed))
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  await started.server?.stop()
}
// A request may be under way still where a signal ended us.
process.exit()

/** @param {readonly string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const unknown = args.find((arg) => arg !== '--exit')
  if (unknown) throw new Error(`unknown argument ${unknown}: there is only --exit`)
  const { signal } = stopping
  say('Moorage quickstart')
  await ensureSetup({ all: true, report: async (name, work) => void (await step(name, work)) })
  signal.throwIfAborted()
  const engine = await step('Docker engine', async () => {
    const found = await ensureEngine({ dataDir: dataDir() })
    return found.address ? found : { ...found, note: `none: ${found.missing}` }
  })
  signal.throwIfAborted()
  const running = await step('server', () => startServer({ signal }))
  started.server = running
  const ask = apiClient(running.base, running.token)

  const lines = [`API    ${running.base}`, `token  ${running.token}`]
  if (engine.address) {
    const { address } = engine
    await step('host local', () => untilHostReady(ask, signal))
    await step('image', () => ensureHelloImage(address))
    const app = await step('app hello', () => bringUpHello(ask, signal, 'host' in address ? address.host : '127.0.0.1'))
    lines.unshift(`app    ${app.url} answers "${app.reply}"`)
  } else {
    lines.push(
      '',
      'There is no engine yet to run an app on. Add one with POST /v1/hosts (see README.md), or install Docker and run this again.',
    )
  }
  say(`  ready in ${((performance.now() - begun) / 1000).toFixed(1)} s\n`)
  for (const line of lines) say(line === '' ? '' : `  ${line}`)
  say('')

  if (args.includes('--exit')) return 0
  if (!running.ours) {
    say('  The server was running before and goes on.')
    return 0
  }
  say(`  Ctrl-C stops the server${engine.address ? "; the app's containers go on" : ''}.`)
  const how = await Promise.race([asked, running.ended.then((ending) => `!the server ${ending}`)])
  if (how.startsWith('!')) throw new Error(how.slice(1))
  say('  Stopping the server …')
  await running.stop()
  say(`  Stopped: the server ${await running.ended}.`)
  return 0
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`)
}
