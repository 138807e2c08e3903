/**
 * Adds to package-lock.json what npm left out: packages for other platforms, where the registry that wrote the file
 * did not have them. `npm ci` refuses to install from a lock file with such holes. Run it after every `npm install`;
 * `test/contract/dependencies.test.ts` says when that was forgotten.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface LockedPackage {
  version?: string
  cpu?: string | string[]
  dev?: boolean
  license?: string
  optional?: boolean
  os?: string | string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

export type LockedPackages = Record<string, LockedPackage>

const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const CPU = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']

/** The optional packages that others name, and that the lock file has no entry for: where each belongs, and what it is. */
export function holes(packages: LockedPackages): LockedPackages {
  const found: LockedPackages = {}
  for (const [path, { dev, optionalDependencies }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
      if (candidates(path, name).some((candidate) => packages[candidate])) continue
      const { cpu, os, libc } = platformOf(name)
      // In the order in which npm writes it.
      found[`node_modules/${name}`] = { version, cpu, ...(dev && { dev }), ...(libc && { libc }), optional: true, os }
    }
  }
  return found
}

/** Where Node looks for a package from inside another one: the nearest node_modules first. */
function candidates(path: string, name: string): string[] {
  const parts = path === '' ? [] : path.split('/node_modules/')
  return [
    ...parts.map((_, index) => `${parts.slice(0, index + 1).join('/node_modules/')}/node_modules/${name}`),
    `node_modules/${name}`,
  ]
}

/** Packages for one platform carry its name in theirs, e.g. `@oxlint/binding-linux-arm-gnueabihf`. */
function platformOf(name: string): LockedPackage {
  const words = name.split(/[/@-]/)
  const os = OS.find((word) => words.includes(word))
  const cpu = CPU.find((word) => words.includes(word))
  if (!os || !cpu) throw new Error(`${name} names no platform that is known here: add it to the lock file by hand`)
  const libc = /musl/.test(name) ? ['musl'] : os === 'linux' && /gnu/.test(name) ? ['glibc'] : null
  return { cpu: [cpu], os: [os], ...(libc ? { libc } : {}) }
}

if (import.meta.main) {
  const file = join(dirname(fileURLToPath(import.meta.url)), '../package-lock.json')
  const lock: { packages: LockedPackages } = JSON.parse(readFileSync(file, 'utf8'))
  const missing = holes(lock.packages)
  const paths = Object.keys({ ...lock.packages, ...missing }).toSorted((a, b) => a.localeCompare(b, 'en'))
  lock.packages = Object.fromEntries(paths.map((path) => [path, lock.packages[path] ?? missing[path] ?? {}]))
  if (Object.keys(missing).length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`added ${Object.keys(missing).length} packages for other platforms`)
}
