// A real Kubernetes cluster with a node for the tests, by the lab's `kube-up` (KUBE_LAB, by default ../shared/lab/kube), on a Docker
// engine of its own. Plain Node 20, no packages.
//
//   node scripts/lab-cluster.mjs up FOLDER     starts it, and prints the variables by which tests find it, one a line
//   node scripts/lab-cluster.mjs down FOLDER   ends it, and takes the folder away; may be repeated
//
// Where there is no kube-up, or TEST_KUBECONFIG names a cluster already, `up` says so on stderr and prints nothing.
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { environment, lastLines, mustRun, ROOT, run } from './child.mjs'
import { engineVersion, ensureClusterPackages } from './docker-engine.mjs'

/** kube-up's port and the eight after it. */
const PORTS = 9
const PORT_RANGE = { first: 16_443, last: 20_000 }
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000
const CGROUP = 'moorage-cluster'
const USUAL_SOCKET = '/var/run/docker.sock'

/** Where kube-up and kube-down are; null: not on this machine. */
export function kubeLab() {
  const folder = resolve(ROOT, process.env.KUBE_LAB || '../shared/lab/kube')
  return existsSync(join(folder, 'kube-up')) ? folder : null
}

/** The first of so many ports in a row of 127.0.0.1 that nobody listens on. @returns {Promise<number>} */
export async function freePorts(count = PORTS) {
  // Not all who look at once should find the same.
  const places = Math.floor((PORT_RANGE.last - PORT_RANGE.first) / count)
  const from = Math.floor(Math.random() * places)
  for (let nth = 0; nth < places; nth++) {
    const first = PORT_RANGE.first + ((from + nth) % places) * count
    const free = await Promise.all(Array.from({ length: count }, (_, at) => isFree(first + at)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`no ${count} free ports in a row between ${PORT_RANGE.first} and ${PORT_RANGE.last}`)
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((settle) => {
    const server = createServer()
    server.on('error', () => settle(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => settle(true)))
  })
}

/** @param {string} wanted @returns {Promise<string[]>} the variables, as `NAME=value` */
async function up(wanted) {
  if (process.env.TEST_KUBECONFIG) {
    say(`TEST_KUBECONFIG=${process.env.TEST_KUBECONFIG} is used as it is`)
    return []
  }
  const lab = kubeLab()
  if (!lab) {
    say('there is no kube-up on this machine (KUBE_LAB): no cluster for the tests')
    return []
  }
  await ensureClusterPackages()
  mkdirSync(wanted, { recursive: true, mode: 0o700 })
  const folder = realpathSync(wanted)
  const socketPath = join(folder, 'docker.sock')
  const dataDir = join(folder, 'kube')
  try {
    await startDockerd(folder, socketPath)
    await showToKubelet(socketPath)
    const env = environment({ KUBE_DOCKER_SOCKET: socketPath, KUBE_PORT: String(await freePorts()) })
    await mustRun(join(lab, 'kube-up'), [dataDir], { env })
  } catch (error) {
    await down(folder)
    throw error
  }
  return [
    `TEST_KUBECONFIG=${join(dataDir, 'kubeconfig')}`,
    `TEST_KUBE_DOCKER_SOCKET=${socketPath}`,
    `TEST_KUBE_DIR=${dataDir}`,
    `KUBE_LAB=${lab}`,
  ]
}

/** An engine that touches nothing of the machine's network, and shares nothing with other engines on it. @param {string} folder @param {string} socketPath */
async function startDockerd(folder, socketPath) {
  const file = (/** @type {string} */ name) => join(folder, name)
  const log = openSync(file('dockerd.log'), 'a')
  const flags = [
    ...['--data-root', file('docker'), '--exec-root', file('exec'), '--pidfile', file('dockerd.pid')],
    ...['--host', `unix://${socketPath}`, '--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'],
    ...[
      '--cgroup-parent',
      `/${CGROUP}`,
      '--containerd-namespace',
      CGROUP,
      '--containerd-plugins-namespace',
      `${CGROUP}-plugins`,
    ],
  ]
  // In a session of its own: it outlives us, until `down`.
  const daemon = spawn('dockerd', flags, { detached: true, stdio: ['ignore', log, log], env: environment() })
  closeSync(log)
  let ended = false
  daemon.on('error', () => (ended = true))
  daemon.on('exit', () => (ended = true))
  daemon.unref()
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline && !ended) {
    if (await engineVersion({ socketPath })) return
    await delay(100)
  }
  throw new Error(
    `dockerd did not come up; the end of its log:\n${lastLines(readFileSync(file('dockerd.log'), 'utf8'), 5)}`,
  )
}

/**
 * What a kubelet measures of its pods it asks the engine for at the usual place, wherever else it was told that the engine is. Where nobody is
 * there, this one is until `down`. @param {string} socketPath
 */
async function showToKubelet(socketPath) {
  if (await engineVersion({ socketPath: USUAL_SOCKET }))
    return say(`another engine is at ${USUAL_SOCKET}: the cluster will have no statistics of its pods`)
  rmSync(USUAL_SOCKET, { force: true })
  symlinkSync(socketPath, USUAL_SOCKET)
}

/** @param {string} socketPath */
function hideFromKubelet(socketPath) {
  if (lstatSync(USUAL_SOCKET, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(USUAL_SOCKET) === socketPath)
    rmSync(USUAL_SOCKET)
}

/** @param {string} wanted */
async function down(wanted) {
  if (!existsSync(wanted)) return
  const folder = realpathSync(wanted)
  const dataDir = join(folder, 'kube')
  const lab = kubeLab()
  if (lab && existsSync(dataDir)) {
    const { code, output } = await run(join(lab, 'kube-down'), ['--purge', dataDir])
    if (code !== 0) say(`kube-down ended with ${code}: ${lastLines(output, 3)}`)
  }
  hideFromKubelet(join(folder, 'docker.sock'))
  await stopDockerd(join(folder, 'dockerd.pid'))
  for (const mount of mountsUnder(folder)) await run('umount', ['--lazy', mount])
  // What is still mounted there would be emptied with the folder.
  if (mountsUnder(folder).length > 0) throw new Error(`something is still mounted under ${folder}: it stays`)
  rmSync(folder, { recursive: true, force: true })
  const cgroups = '/sys/fs/cgroup'
  for (const place of ['.', ...readdirSync(cgroups)]) removeEmpty(join(cgroups, place, CGROUP))
}

/** @param {string} pidFile */
async function stopDockerd(pidFile) {
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8'))
  const isOurs = () => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(pidFile)
    } catch {
      return false
    }
  }
  const deadline = performance.now() + STOP_TIMEOUT_MS
  if (isOurs()) process.kill(pid, 'SIGTERM')
  while (isOurs() && performance.now() < deadline) await delay(50)
  if (isOurs()) process.kill(pid, 'SIGKILL')
}

/** Deepest first. @param {string} folder */
function mountsUnder(folder) {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
  return points.filter((point) => point.startsWith(`${folder}/`)).toSorted((a, b) => b.length - a.length)
}

/** @param {string} folder */
function removeEmpty(folder) {
  try {
    rmdirSync(folder)
  } catch {
    // It is not there, or something is in it.
  }
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`lab-cluster: ${text}\n`)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [action, folder] = process.argv.slice(2)
  try {
    if (!folder || (action !== 'up' && action !== 'down'))
      throw new Error('node scripts/lab-cluster.mjs up|down FOLDER')
    if (action === 'down') await down(resolve(folder))
    else for (const line of await up(resolve(folder))) process.stdout.write(`${line}\n`)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
