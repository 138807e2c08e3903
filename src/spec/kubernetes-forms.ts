/** What names and numbers of an app must be for a cluster: its notes tell of it before, its translation refuses what has none. */

/** Of a service's name, so that what is made for it has room for its own word, and a StatefulSet's pods for their number. */
export const SERVICE_NAME_LENGTH = 50
const MAX_ID = 2 ** 31 - 1

/** A DNS label that begins with a letter and has no `--`: what is made for it has names with one. */
export function isOwnName(text: string): boolean {
  return text.length <= 63 && /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(text) && !text.includes('--')
}

export function isServiceName(text: string): boolean {
  return text.length <= SERVICE_NAME_LENGTH && isOwnName(text)
}

/** A DNS label. */
export function isHostName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
}

/** The number of a user or a group. */
export function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= MAX_ID
}

/** The name of a variable of the environment. */
export function isVariable(name: string): boolean {
  return /^[A-Za-z_.-][A-Za-z0-9_.-]{0,252}$/.test(name) && name !== '.' && !name.startsWith('..')
}

/** CRI-O, containerd, runc (units of systemd, a configuration of CRIU), crun, Kata, gVisor, Firecracker and Windows read those of a pod. */
const RUNTIMES =
  /^(io\.(kubernetes|containerd|katacontainers|microsoft)|run\.oci|org\.(systemd|criu)|dev\.gvisor|aws\.firecracker)\.|\.cri-?o\.io$/i

/** The name of an annotation that is no order to the cluster: without a prefix, and of no container runtime. */
export function isAnnotation(name: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(name) && !RUNTIMES.test(name)
}
