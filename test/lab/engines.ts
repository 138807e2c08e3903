import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, run, type RunOptions } from './run.ts'
import { connectSlot, DATA_PREFIX, releaseSlot, ROOM, takeSlot, type Slot } from './slots.ts'

/** A real Docker engine with a network namespace, an address, a process tree and files of its own. */
export interface LabEngine {
  readonly name: string
  readonly socketPath: string
  /** `tcp://<address>:2375`, or 2376 with `tls`; answers only where the engine was not started without `tcp`. */
  readonly url: string
  /** Where its files are; they go with it. */
  readonly dataDir: string
  /** Published ports answer here. */
  readonly address: string
  /** From now on its network swallows packets, until `heal`. The socket file goes on to work. */
  cutOff(): Promise<void>
  heal(): Promise<void>
  /** SIGKILL to dockerd alone, as a crash does; `restart` starts it again. */
  kill(): Promise<void>
  /** Stops dockerd (its containers with it) where it runs, and starts it on the same data. */
  restart(): Promise<void>
  /** Ends it with everything in it, and takes its files away. May be repeated. */
  stop(): Promise<void>
  /** Starts a program beside dockerd, on the engine's address, that ends with it. Its output goes into `<name>.log` of `dataDir`. */
  inside(name: string, command: readonly string[]): ChildProcess
  /** The stock CLI against this engine; gives its standard output. */
  docker(args: readonly string[], options?: RunOptions): Promise<string>
}

export interface EngineOptions {
  /** For messages. */
  readonly name?: string
  /** Listens on its address too (costs a second at its start). Default true. */
  readonly tcp?: boolean
  /** Listens with TLS there, and takes only clients whose certificate is from `ca`: files, by their paths. */
  readonly tls?: (address: string) => Promise<{ ca: string; cert: string; key: string }>
}

export interface SkippableTest {
  plan(count: number, comment?: string): void
  fail(message: string): unknown
}

/**
 * Whether engines can be started here; installs the Debian packages that they need where they are missing.
 * Where they can't, the test is skipped with the reason, or fails with it under `CI=true`: `if (!(await requireEngines(t))) return`.
 */
export async function requireEngines(t: SkippableTest): Promise<boolean> {
  const reason = await engineObstacle()
  if (reason === null) return true
  if (process.env.CI === 'true') t.fail(`no engines for this test: ${reason}`)
  else t.plan(0, `no engines for this test: ${reason}`)
  return false
}

async function engineObstacle(): Promise<string | null> {
  if (process.platform !== 'linux') return 'they need Linux'
  if (process.getuid?.() !== 0) return 'they need root, for network namespaces'
  const wanted = [
    ...['dockerd', 'docker', 'ip', 'iptables', 'nsenter', 'unshare', 'setpriv', 'flock', 'busybox'],
    ...['sshd', 'ssh-keygen', 'openssl'],
  ]
  return await ensurePrograms(wanted, 'docker.io iptables iproute2 busybox-static openssh-server openssl')
}

/** Installs Debian packages, as root on Debian, where one of the programs is missing. What is missing then, or null. */
export async function ensurePrograms(wanted: readonly string[], packages: string): Promise<string | null> {
  if (wanted.every(isInstalled)) return null
  if (process.getuid?.() === 0 && isInstalled('apt-get') && isInstalled('flock')) {
    mkdirSync(ROOM, { recursive: true })
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    // No test wants the machine itself to take logins.
    const mask = isInstalled('sshd') ? '' : 'systemctl mask ssh.service ssh.socket 2>/dev/null; '
    const install = `${mask}apt-get install -y -qq --no-install-recommends ${packages}`
    const lock = join(ROOM, 'install.lock')
    await run('flock', [lock, 'sh', '-c', `${install} || { apt-get update -qq && ${install}; }`], { env })
  }
  const missing = wanted.filter((program) => !isInstalled(program))
  return missing.length === 0 ? null : `${missing.join(', ')} not found`
}

function isInstalled(program: string): boolean {
  return `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':').some((folder) => {
    try {
      accessSync(join(folder, program))
      return true
    } catch {
      return false
    }
  })
}

/**
 * Starts an engine and waits until it answers (about 2 s). Stop it in a teardown; should this process die before,
 * the kernel ends the engine with it, and the next start cleans up what it left.
 */
export async function startEngine(options: EngineOptions = {}): Promise<LabEngine> {
  const dataDir = mkdtempSync(join(tmpdir(), DATA_PREFIX))
  const slot = await takeSlot(dataDir)
  const engine = new Engine(slot, dataDir, options)
  try {
    await connectSlot(slot)
    await engine.start(await options.tls?.(slot.address))
    return engine
  } catch (error) {
    await engine.stop()
    throw error
  }
}

class Engine implements LabEngine {
  readonly name: string
  readonly socketPath: string
  readonly url: string
  readonly address: string
  readonly #slot: Slot
  readonly dataDir: string
  readonly #tcp: boolean
  #tlsFlags: readonly string[] = ['--tls=false']
  /** Holds the process and mount namespaces: its end is the end of everything in them. */
  #room: ChildProcess | null = null
  #dockerd: ChildProcess | null = null
  #stopped = false

  constructor(slot: Slot, dataDir: string, options: EngineOptions) {
    this.#slot = slot
    this.dataDir = dataDir
    this.#tcp = options.tcp ?? true
    this.name = options.name ?? slot.namespace
    this.socketPath = join(dataDir, 'docker.sock')
    this.address = slot.address
    this.url = `tcp://${slot.address}:${options.tls ? 2376 : 2375}`
  }

  async start(tls?: { ca: string; cert: string; key: string }): Promise<void> {
    if (tls) this.#tlsFlags = ['--tlsverify', `--tlscacert=${tls.ca}`, `--tlscert=${tls.cert}`, `--tlskey=${tls.key}`]
    // The first process of the namespace reaps what containers leave; when it dies, the kernel kills the rest.
    const room = this.#spawn('room', [
      ...['setpriv', '--pdeathsig', 'KILL', 'nsenter', `--net=/run/netns/${this.#slot.namespace}`],
      ...['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'],
      ...['sh', '-c', 'while :; do sleep 3600 & wait $!; done'],
    ])
    this.#room = room
    await eventually('the namespaces are there', () => {
      const init = childOf(room)
      return init !== null && readComm(init) === 'sh'
    })
    await this.#startDockerd()
  }

  inside(name: string, command: readonly string[]): ChildProcess {
    const init = this.#room && childOf(this.#room)
    if (!init) throw new Error(`engine ${this.name} has no namespaces any more: ${this.#log('room')}`)
    return this.#spawn(name, [
      ...['setpriv', '--pdeathsig', 'KILL', 'nsenter', '--target', String(init), '--mount', '--net', '--pid'],
      ...command,
    ])
  }

  async #startDockerd(): Promise<void> {
    const file = (name: string): string => join(this.dataDir, name)
    rmSync(file('pid'), { force: true })
    const dockerd = this.inside('dockerd', [
      ...['dockerd', '--data-root', file('data'), '--exec-root', file('exec'), '--pidfile', file('pid')],
      ...['--cgroup-parent', `/${this.#slot.cgroup}`, '-H', `unix://${this.socketPath}`],
      // Said outright, it saves the 15 s that an engine waits before it listens without TLS.
      ...(this.#tcp ? ['-H', this.url, ...this.#tlsFlags] : []),
    ])
    this.#dockerd = dockerd
    await eventually(
      `engine ${this.name} answers`,
      async () => {
        if (hasEnded(dockerd)) throw new Error(`dockerd of ${this.name} ended: ${this.#log('dockerd')}`)
        return await answers(this.socketPath)
      },
      60_000,
    )
  }

  async cutOff(): Promise<void> {
    await run('ip', ['link', 'set', this.#slot.namespace, 'down'])
  }

  async heal(): Promise<void> {
    await run('ip', ['link', 'set', this.#slot.namespace, 'up'])
  }

  async kill(): Promise<void> {
    await this.#endDockerd('SIGKILL')
  }

  async restart(): Promise<void> {
    await this.#endDockerd('SIGTERM')
    await this.#startDockerd()
  }

  async #endDockerd(signal: NodeJS.Signals): Promise<void> {
    const dockerd = this.#dockerd
    this.#dockerd = null
    if (!dockerd || hasEnded(dockerd)) return
    const pid = childOf(dockerd)
    if (pid !== null) process.kill(pid, signal)
    await eventually(`dockerd of ${this.name} is gone`, () => hasEnded(dockerd), 60_000)
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#room?.kill('SIGKILL')
    await releaseSlot(this.#slot, this.dataDir)
  }

  async docker(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const env = {
      ...process.env,
      ...options.env,
      DOCKER_HOST: `unix://${this.socketPath}`,
      DOCKER_CONFIG: this.dataDir,
    }
    return await run('docker', args, { ...options, env })
  }

  #spawn(log: string, command: readonly string[]): ChildProcess {
    const [program = '', ...args] = command
    const output = openSync(join(this.dataDir, `${log}.log`), 'a')
    // A session of its own: Ctrl-C is for the tests. Not waited for: an engine keeps no process from ending.
    const child = spawn(program, args, { stdio: ['ignore', output, output], detached: true })
    closeSync(output)
    child.on('error', () => undefined)
    child.unref()
    return child
  }

  #log(name: string): string {
    try {
      return readFileSync(join(this.dataDir, `${name}.log`), 'utf8').slice(-2000)
    } catch {
      return 'no log'
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined
}

function childOf(parent: ChildProcess): number | null {
  try {
    const children = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim()
    return children === '' ? null : Number(children.split(' ')[0])
  } catch {
    return null
  }
}

function readComm(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

async function answers(socketPath: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const call = request({ socketPath, path: '/_ping', timeout: 2000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    call.once('timeout', () => call.destroy())
    call.once('error', () => resolve(false))
    call.end()
  })
}
