// Starts and stops the server for the quickstart. Plain Node 20, no packages; the server runs on the packages' Node 24.
import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { environment, lastLines, nodePath, ROOT } from '../child.mjs'
import { apiClient } from './api.mjs'

const START_TIMEOUT_MS = 60_000
/** The server itself drains for at most 10 s. */
const STOP_TIMEOUT_MS = 20_000

/**
 * @typedef {object} Server
 * @property {string} base the API's address
 * @property {string} token the admin's
 * @property {string} note
 * @property {boolean} ours whether we started it
 * @property {Promise<string>} ended resolves, with how, when the process we started has ended
 * @property {() => Promise<void>} stop drains and stops it, where we started it
 */

/** Where the server keeps its things. */
export function dataDir() {
  return resolve(ROOT, process.env.MOORAGE_DATA_DIR || '.moorage')
}

/**
 * The server on its embedded database: the one that runs on our data folder, or a new one. Resolves when it is ready.
 * @param {{ signal: AbortSignal }} options `signal`: stops waiting
 * @returns {Promise<Server>}
 */
export async function startServer({ signal }) {
  const host = process.env.MOORAGE_HOST || '127.0.0.1'
  const port = await chosenPort(host)
  const base = `http://${['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`
  const running = await tokenThatWorks(base)
  if (running)
    return {
      base,
      token: running,
      note: `${base} runs already`,
      ours: false,
      ended: new Promise(() => {}),
      stop: async () => {},
    }
  if (!(await isFree(host, port)))
    throw new Error(`port ${port} is taken by another program: set MOORAGE_PORT to a free one`)

  mkdirSync(dataDir(), { recursive: true, mode: 0o700 })
  const logFile = join(dataDir(), 'server.log')
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(nodePath(), ['--max-semi-space-size=16', join(ROOT, 'src/main.ts')], {
    cwd: ROOT,
    // A process group of its own: Ctrl-C reaches it once, from us.
    detached: true,
    stdio: ['ignore', log, log],
    env: environment({
      DATABASE_URL: undefined,
      MOORAGE_DATA_DIR: dataDir(),
      MOORAGE_HOST: host,
      MOORAGE_PORT: String(port),
      MOORAGE_ROLES: 'api,worker',
    }),
  })
  let over = false
  /** @type {Promise<string>} */
  const ended = new Promise((done) => {
    child.on('error', (error) => done(error.message))
    child.on('exit', (code, by) => done(by ? `ended by ${by}` : `ended with ${code}`))
  }).then((how) => {
    over = true
    return how
  })
  const stop = async () => {
    if (over) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
  }
  try {
    await untilReady(base, () => over, signal)
  } catch (error) {
    await stop()
    if (signal.aborted) throw error
    throw new Error(
      `${error instanceof Error ? error.message : String(error)} (it ${await ended}); ${logFile} says:\n${lastLines(messages(readFileSync(logFile, 'utf8')), 12)}`,
    )
  }
  const token = readToken()
  if (!token) throw new Error(`the server left no token in ${dataDir()}`)
  return {
    base,
    token,
    note: `listens at ${base}, log in ${logFile.startsWith(ROOT) ? relative(ROOT, logFile) : logFile}`,
    ours: true,
    ended,
    stop,
  }
}

/** @param {string} base @param {() => boolean} isOver @param {AbortSignal} signal */
async function untilReady(base, isOver, signal) {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline) {
    if (isOver()) throw new Error('the server stopped')
    signal.throwIfAborted()
    const ready = await fetch(new URL('/readyz', base), { signal: AbortSignal.timeout(5000) }).then(
      (reply) => reply.status === 200,
      () => false,
    )
    if (ready) return
    await delay(50)
  }
  throw new Error(`the server was not ready within ${START_TIMEOUT_MS / 1000} s`)
}

/** Our token, where a server answers there that knows it. @param {string} base */
async function tokenThatWorks(base) {
  const token = readToken()
  if (!token) return null
  try {
    return (await apiClient(base, token)('GET', '/v1/whoami')).status === 200 ? token : null
  } catch {
    return null
  }
}

function readToken() {
  if (process.env.MOORAGE_ADMIN_TOKEN) return process.env.MOORAGE_ADMIN_TOKEN
  try {
    return readFileSync(join(dataDir(), 'admin-token'), 'utf8').trim()
  } catch {
    return null
  }
}

/** What the log's lines tell, for people. @param {string} log */
function messages(log) {
  return log
    .trimEnd()
    .split('\n')
    .map((line) => {
      try {
        const { msg, err } = JSON.parse(line)
        return `    ${msg}${err?.message ? `: ${err.message}` : ''}`
      } catch {
        return `    ${line}`
      }
    })
    .join('\n')
}

/** The port that is set; `0` is a free one. @param {string} host */
async function chosenPort(host) {
  const text = process.env.MOORAGE_PORT || '7080'
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error('MOORAGE_PORT must be a number from 0 to 65535')
  return text === '0' ? await freePort(host) : Number(text)
}

/** @param {string} host @returns {Promise<number>} */
function freePort(host) {
  return new Promise((resolvePort, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() => resolvePort(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** @param {string} host @param {number} port @returns {Promise<boolean>} */
function isFree(host, port) {
  return new Promise((resolveFree) => {
    const server = createServer().on('error', () => resolveFree(false))
    server.listen(port, host, () => server.close(() => resolveFree(true)))
  })
}
