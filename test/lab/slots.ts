import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { glob, rmdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { attempt, eventually, run } from './run.ts'

/**
 * A lab engine's number on this machine: its address, its network namespace, its veth pair and its cgroup are named after it.
 * A slot is a symbolic link (made atomically) whose target says who owns it and where its files are, so that
 * test processes that run side by side never share one, and what a killed one left is found and cleaned.
 */
export interface Slot {
  readonly number: number
  readonly namespace: string
  readonly address: string
  readonly cgroup: string
}

export const ROOM = '/run/moorage-lab'
export const BRIDGE = 'mrglab0'
export const DATA_PREFIX = 'moorage-lab-'
const SUBNET = '10.99.77'
/** With the number of a slot after it; 01 is the bridge's own. */
const MAC = '02:6d:72:67:00'

function slotOf(number: number): Slot {
  return { number, namespace: `mrgl${number}`, address: `${SUBNET}.${number}`, cgroup: `mrgl${number}` }
}

/** When a process began, in clock ticks since the machine's start: with its pid, it names one process for ever. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function ownerOf(link: string): { alive: boolean; dataDir: string } | null {
  try {
    const [pid = '', start = '', dataDir = ''] = readlinkSync(link).split(' ')
    return { alive: startOf(Number(pid)) === start, dataDir }
  } catch {
    return null
  }
}

function take(link: string, dataDir: string): boolean {
  try {
    symlinkSync(`${process.pid} ${startOf(process.pid)} ${dataDir}`, link)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Takes a free slot, after cleaning all whose owner is dead. Throws when all 249 are in use. */
export async function takeSlot(dataDir: string): Promise<Slot> {
  mkdirSync(ROOM, { recursive: true })
  for (const entry of readdirSync(ROOM)) {
    const number = /^slot-(\d+)$/.exec(entry)?.[1]
    if (number !== undefined && ownerOf(join(ROOM, entry))?.alive === false)
      await reap(Number(number), join(ROOM, entry))
  }
  for (let number = 2; number <= 250; number++) {
    if (take(join(ROOM, `slot-${number}`), dataDir)) return slotOf(number)
  }
  throw new Error('every slot of the engine lab is in use')
}

async function reap(number: number, link: string): Promise<void> {
  const lock = `${link}.reaped`
  if (!take(lock, '')) {
    if (ownerOf(lock)?.alive === false) rmSync(lock, { force: true })
    return
  }
  try {
    const owner = ownerOf(link)
    if (owner && !owner.alive) await releaseSlot(slotOf(number), owner.dataDir)
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Ends every process of the slot's namespace, and takes away its network, its files and itself. */
export async function releaseSlot(slot: Slot, dataDir: string): Promise<void> {
  await eventually(`the processes of ${slot.namespace} are gone`, async () => {
    const pids = (await run('ip', ['netns', 'pids', slot.namespace]).catch(() => '')).split('\n').filter(Boolean)
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // it has just ended
      }
    }
    return pids.length === 0
  })
  await attempt('ip', 'netns', 'delete', slot.namespace)
  await attempt('ip', 'link', 'delete', slot.namespace)
  if (basename(dataDir).startsWith(DATA_PREFIX)) {
    await eventually(`${dataDir} is gone`, () => {
      try {
        rmSync(dataDir, { recursive: true, force: true })
        return true
      } catch {
        return false // a mount of the namespace that is being torn down
      }
    })
  }
  await removeCgroups(slot.cgroup)
  try {
    unlinkSync(join(ROOM, `slot-${slot.number}`))
  } catch {
    // the room itself was taken away
  }
}

async function removeCgroups(name: string): Promise<void> {
  for (const pattern of [
    `/sys/fs/cgroup/*/${name}/*`,
    `/sys/fs/cgroup/${name}/*`,
    `/sys/fs/cgroup/*/${name}`,
    `/sys/fs/cgroup/${name}`,
  ]) {
    for await (const directory of glob(pattern)) await rmdir(directory).catch(() => undefined)
  }
}

/** The bridge that joins the engines, and the slot's namespace on it. */
export async function connectSlot(slot: Slot): Promise<void> {
  const bridge = [
    `ip link show ${BRIDGE} >/dev/null 2>&1 || ip link add ${BRIDGE} type bridge`,
    // Of its own it has the lowest of its ports', and each engine that comes or goes would leave the others asking for the one before.
    `ip link set ${BRIDGE} address ${MAC}:01`,
    `ip addr replace ${SUBNET}.1/24 dev ${BRIDGE}`,
    `ip link set ${BRIDGE} up`,
    // An engine of the machine's own sets FORWARD to DROP, for bridged packets too.
    `iptables -w -C FORWARD -i ${BRIDGE} -o ${BRIDGE} -j ACCEPT 2>/dev/null || iptables -w -I FORWARD -i ${BRIDGE} -o ${BRIDGE} -j ACCEPT`,
  ]
  await run('flock', [join(ROOM, 'network.lock'), 'sh', '-ec', bridge.join('\n')])
  const { namespace, address } = slot
  // The machine remembers who had the address: the next one in this slot is not to be taken for another.
  const mac = `${MAC}:${slot.number.toString(16).padStart(2, '0')}`
  await attempt('ip', 'netns', 'delete', namespace)
  await attempt('ip', 'link', 'delete', namespace)
  const commands = [
    `ip netns add ${namespace}`,
    `ip link add ${namespace} type veth peer name eth0 address ${mac} netns ${namespace}`,
    `ip link set ${namespace} master ${BRIDGE} up`,
    `ip -n ${namespace} addr add ${address}/24 dev eth0`,
    `ip -n ${namespace} link set eth0 up`,
    `ip -n ${namespace} link set lo up`,
    `ip -n ${namespace} route add default via ${SUBNET}.1`,
  ]
  await run('sh', ['-ec', commands.join('\n')])
}
