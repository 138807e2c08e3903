// A Docker engine for the quickstart, and the Debian packages that the tests' engines need. Plain Node 20, no packages.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { environment, lastLines, run } from './child.mjs'

const DEFAULT_SOCKET = '/var/run/docker.sock'
const ENGINE_PACKAGES = ['docker.io', 'iptables', 'busybox-static']
/** What the tests use beside the engine: network namespaces, engines behind SSH and TLS, and the README's curl. */
const LAB_PACKAGES = [...ENGINE_PACKAGES, 'iproute2', 'util-linux', 'openssh-server', 'openssl', 'curl']
/** What the lab's cluster with a node is started with, beside the engine. */
const CLUSTER_PACKAGES = [
  ...ENGINE_PACKAGES,
  ...['iproute2', 'curl', 'openssl', 'xz-utils', 'conntrack', 'mount', 'util-linux', 'kubernetes-client'],
]
const PROGRAMS = {
  'docker.io': 'dockerd',
  iptables: 'iptables',
  'busybox-static': 'busybox',
  iproute2: 'ip',
  'util-linux': 'nsenter',
  'openssh-server': 'sshd',
  openssl: 'openssl',
  curl: 'curl',
  chromium: 'chromium',
  'kubernetes-client': 'kubectl',
  'xz-utils': 'xz',
  conntrack: 'conntrack',
  mount: 'mount',
}
const START_TIMEOUT_MS = 60_000

/** @typedef {{ socketPath: string } | { host: string, port: number }} EngineAddress */

/** Where `DOCKER_HOST` or the default says that the engine is; null for a form that we don't speak (ssh, TLS). */
export function engineAddress() {
  const given = process.env.DOCKER_HOST
  if (!given) return { socketPath: DEFAULT_SOCKET }
  const url = URL.canParse(given) ? new URL(given) : null
  if (url?.protocol === 'unix:') return { socketPath: url.pathname }
  if (url?.protocol === 'tcp:' && !process.env.DOCKER_TLS_VERIFY)
    return { host: url.hostname, port: Number(url.port || 2375) }
  return null
}

/** The address as people write it. @param {EngineAddress} address */
export function addressText(address) {
  return 'socketPath' in address ? address.socketPath : `tcp://${address.host}:${address.port}`
}

/**
 * One request to the engine.
 * @param {EngineAddress} address
 * @param {string} method
 * @param {string} path
 * @param {{ body?: Uint8Array, type?: string, timeoutMs?: number }} [options]
 * @returns {Promise<{ status: number, text: string }>} rejects where nothing answers within `timeoutMs` of silence (default 5 s)
 */
export function askEngine(address, method, path, { body, type, timeoutMs = 5000 } = {}) {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': type ?? 'application/json', 'content-length': String(body.length) } : {}
    const call = request({ ...address, method, path, headers, timeout: timeoutMs }, (reply) => {
      let text = ''
      reply.setEncoding('utf8')
      reply.on('data', (chunk) => (text += chunk))
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }))
      reply.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error(`the Docker engine at ${addressText(address)} does not answer`)))
    call.on('error', reject)
    call.end(body)
  })
}

/** The version of the engine that answers there, or null. @param {EngineAddress} address */
export async function engineVersion(address) {
  try {
    const { status, text } = await askEngine(address, 'GET', '/version')
    return status === 200 ? String(JSON.parse(text).Version) : null
  } catch {
    return null
  }
}

/**
 * An engine that answers: the one that is there, or (Debian or Ubuntu as root) one that is installed and started now.
 * @param {{ dataDir: string }} options `dataDir`: takes the log of a dockerd that we start
 * @returns {Promise<{ address: EngineAddress, version: string, note: string } | { address: null, missing: string }>} `missing`: one line on what to do
 */
export async function ensureEngine({ dataDir }) {
  const address = engineAddress()
  if (address === null)
    return {
      address: null,
      missing: `DOCKER_HOST=${process.env.DOCKER_HOST} is neither unix:// nor plain tcp://: unset it, or register that engine by hand`,
    }
  const running = await engineVersion(address)
  if (running) return { address, version: running, note: `${running} at ${addressText(address)}` }
  if (process.env.DOCKER_HOST)
    return {
      address: null,
      missing: `no Docker engine answers at DOCKER_HOST=${process.env.DOCKER_HOST}: start it, or unset the variable`,
    }
  if (!isDebianRoot())
    return {
      address: null,
      missing: `no Docker engine answers at ${DEFAULT_SOCKET}: install and start Docker Engine 20.10 or newer, and run this again`,
    }
  const installed = await installPackages(ENGINE_PACKAGES)
  // The package's own script may have started it.
  const version = (await engineVersion(address)) ?? (await startEngine(address, dataDir))
  return {
    address,
    version,
    note: `${version} at ${addressText(address)}, ${installed ? 'installed and started' : 'started'}`,
  }
}

/**
 * The Debian packages that the tests' engines need. Nothing where they are there, or where this is not Debian as root.
 * @returns {Promise<boolean>} whether something was installed
 */
export async function ensureLabPackages() {
  if (!isDebianRoot()) return false
  // No test wants the machine itself to take logins.
  if (!findProgram('sshd') && existsSync('/run/systemd/system'))
    await run('systemctl', ['mask', 'ssh.service', 'ssh.socket'])
  const installed = await installPackages(LAB_PACKAGES)
  // Ubuntu has these as snaps only: the tests that need them say then that they are missing, and the others run.
  for (const name of ['chromium', 'kubernetes-client']) await installPackages([name]).catch(() => false)
  return (await ensureDockerCli()) || installed
}

/** The Debian packages that the lab's cluster with a node is started with. Throws where this is not Debian as root. */
export async function ensureClusterPackages() {
  if (!isDebianRoot()) throw new Error('a cluster with a node is started on Debian as root alone')
  await installPackages(CLUSTER_PACKAGES)
  await ensureDockerCli()
}

/** From Debian 13 on, the command line is a package of its own. */
async function ensureDockerCli() {
  return findProgram('docker') ? false : await installPackages(['docker-cli'], { force: true })
}

/** The static busybox that the local images are made of. @returns {Promise<string>} its path; throws with what to do where there is none */
export async function ensureBusybox() {
  if (!findStatic() && isDebianRoot()) await installPackages(['busybox-static'], { force: true })
  const found = findStatic()
  if (!found)
    throw new Error(
      'no static busybox on this machine: install one (Debian: busybox-static), the images of the example are made of it',
    )
  return found
}

function findStatic() {
  return ['/bin/busybox', '/usr/bin/busybox', '/usr/local/bin/busybox'].find(
    (path) => existsSync(path) && isStaticElf(readFileSync(path)),
  )
}

/** A 64-bit little-endian ELF program that asks for no interpreter, so that it runs in an empty image. @param {Buffer} bytes */
export function isStaticElf(bytes) {
  const PT_INTERP = 3
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return false
  const table = Number(bytes.readBigUInt64LE(32))
  const size = bytes.readUInt16LE(54)
  const count = bytes.readUInt16LE(56)
  for (let index = 0; index < count; index++) {
    if (bytes.readUInt32LE(table + index * size) === PT_INTERP) return false
  }
  return true
}

function isDebianRoot() {
  return process.getuid?.() === 0 && findProgram('apt-get') && existsSync('/etc/debian_version')
}

/** @param {string} name */
function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  return folders.some((folder) => existsSync(join(folder, name)))
}

/**
 * @param {readonly string[]} names
 * @param {{ force?: boolean }} [options] `force`: even where a program of the package's name is there
 */
async function installPackages(names, { force = false } = {}) {
  const wanted = names.filter((name) => force || !findProgram(PROGRAMS[/** @type {keyof typeof PROGRAMS} */ (name)]))
  if (wanted.length === 0) return false
  const env = environment({ DEBIAN_FRONTEND: 'noninteractive' })
  const install = () =>
    run('apt-get', ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...wanted], { env })
  let result = await install()
  if (result.code !== 0) {
    // A fresh machine has no package lists yet.
    await run('apt-get', ['update'], { env })
    result = await install()
  }
  if (result.code !== 0) throw new Error(`apt-get install ${wanted.join(' ')} failed:\n${lastLines(result.output, 6)}`)
  return true
}

/** @param {EngineAddress} address @param {string} dataDir @returns {Promise<string>} its version */
async function startEngine(address, dataDir) {
  const log = join(dataDir, 'dockerd.log')
  let ended = false
  if (existsSync('/run/systemd/system')) {
    const { code, output } = await run('systemctl', ['start', 'docker'])
    if (code !== 0) throw new Error(`systemctl start docker failed: ${lastLines(output, 3)}`)
  } else {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const file = openSync(log, 'a')
    // In a session of its own: it outlives us, as a service would.
    const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', file, file], env: environment() })
    daemon.on('error', () => (ended = true))
    daemon.on('exit', () => (ended = true))
    daemon.unref()
  }
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline && !ended) {
    const version = await engineVersion(address)
    if (version) return version
    await delay(100)
  }
  throw new Error(
    `dockerd did not come up${existsSync(log) ? `; the end of ${log}:\n${lastLines(readFileSync(log, 'utf8'), 5)}` : ''}`,
  )
}
