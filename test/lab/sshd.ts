import type { ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { SshEndpoint } from '../../src/drivers/index.ts'
import type { LabEngine } from './engines.ts'
import { eventually, run } from './run.ts'

const HOST_KEYS = ['ed25519', 'ecdsa', 'rsa'] as const
export type HostKeyType = (typeof HOST_KEYS)[number]

/** A real OpenSSH server beside an engine, on its address. It ends with the engine. */
export interface LabSshd {
  /** As a host is registered with: its user may log in, and the key of type ed25519 is pinned. */
  readonly endpoint: SshEndpoint
  /** The line of a host key, `type base64`. */
  hostKey(type: HostKeyType): string
  /** Another key of each type takes the place of the old one, at the next start. */
  changeHostKeys(): Promise<void>
  /** A key that nobody's authorized_keys has. */
  strangersKey(): Promise<string>
  /** SIGKILL to the server and to all connections that it has. */
  kill(): Promise<void>
  /** Starts it (anew), with these lines in front of its settings. */
  start(settings?: readonly string[]): Promise<void>
  /** Logins that succeeded since its first start. */
  logins(): number
  /** Connections that it has now. */
  connections(): number
}

export async function startSshd(engine: LabEngine): Promise<LabSshd> {
  const folder = join(engine.dataDir, 'ssh')
  mkdirSync(folder, { mode: 0o700 })
  const file = (name: string): string => join(folder, name)
  const makeKey = async (name: string, type: HostKeyType): Promise<void> => {
    for (const path of [file(name), file(`${name}.pub`)]) rmSync(path, { force: true })
    await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', file(name)])
  }
  const makeHostKeys = async (): Promise<void> => {
    await Promise.all(HOST_KEYS.map(async (type) => await makeKey(`host-${type}`, type)))
  }
  await Promise.all([makeHostKeys(), makeKey('user', 'ed25519')])
  copyFileSync(file('user.pub'), file('authorized_keys'))
  // Where it drops its rights; Debian makes it when the service starts.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const hostKey = (type: HostKeyType): string => readFileSync(file(`host-${type}.pub`), 'utf8').trim()
  const log = (): string => (existsSync(join(engine.dataDir, 'sshd.log')) ? readLog(engine) : '')
  let server: ChildProcess | null = null

  const sshd: LabSshd = {
    endpoint: {
      host: engine.address,
      port: 22,
      user: 'root',
      privateKey: readFileSync(file('user'), 'utf8'),
      knownHost: hostKey('ed25519'),
      socketPath: engine.socketPath,
    },
    hostKey,
    changeHostKeys: makeHostKeys,
    strangersKey: async () => {
      await makeKey('stranger', 'ed25519')
      return readFileSync(file('stranger'), 'utf8')
    },
    async kill() {
      const ended = server
      server = null
      for (const { pid } of processes(folder)) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // it has just ended
        }
      }
      await eventually('sshd is gone', () => !ended || ended.exitCode !== null || ended.signalCode !== null)
    },
    async start(settings = []) {
      await sshd.kill()
      const lines = [
        ...settings,
        `ListenAddress ${engine.address}`,
        ...HOST_KEYS.map((type) => `HostKey ${file(`host-${type}`)}`),
        `AuthorizedKeysFile ${file('authorized_keys')}`,
        'StrictModes no',
        'PermitRootLogin prohibit-password',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'UsePAM no',
        'PidFile none',
      ]
      writeFileSync(file('sshd_config'), `${lines.join('\n')}\n`)
      server = engine.inside('sshd', ['/usr/sbin/sshd', '-D', '-e', '-f', file('sshd_config')])
      await eventually('sshd listens', async () => await listens(engine.address))
    },
    logins: () => log().split('Accepted publickey').length - 1,
    connections() {
      const all = processes(folder)
      const listener = all.find(({ title }) => /^sshd: .*\[listener\]/.test(title))
      return all.filter(({ parent }) => parent === listener?.pid).length
    },
  }
  await sshd.start()
  return sshd
}

function readLog(engine: LabEngine): string {
  return readFileSync(join(engine.dataDir, 'sshd.log'), 'utf8')
}

interface Process {
  readonly pid: number
  readonly parent: number
  readonly title: string
}

/** Those that were started with this folder's settings, and all that descend from them. */
function processes(folder: string): Process[] {
  const all = readdirSync('/proc').flatMap((name): Process[] => {
    if (!/^\d+$/.test(name)) return []
    try {
      const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]
      const title = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return [{ pid: Number(name), parent: Number(parent), title }]
    } catch {
      return [] // it has just ended
    }
  })
  const found = new Set(all.filter(({ title }) => title.includes(`${folder}/sshd_config`)))
  for (let before = -1; before !== found.size;) {
    before = found.size
    const pids = new Set([...found].map(({ pid }) => pid))
    for (const one of all) if (pids.has(one.parent)) found.add(one)
  }
  return [...found]
}

async function listens(host: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port: 22, timeout: 2000 })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('timeout', () => resolve(false)).once('connect', () => socket.destroy())
  })
}
