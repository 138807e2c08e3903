/**
 * Adds to package-lock.json the checksums that npm left out: it writes none for what was installed already when the file was
 * made, and `npm ci` then takes what it is given. All packages are resolved anew in a folder of their own, and the checksum of an equal
 * version is taken over. Run it after every `npm install`; `test/contract/dependencies.test.ts` says when that was forgotten.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Locked {
  version?: string
  integrity?: string
  link?: boolean
  cpu?: readonly string[]
  os?: readonly string[]
}

type Packages = Record<string, Locked>

/** Packages that `npm ci` can not verify. Those for one platform alone are left out: not every registry has them. */
export function unverified(packages: Packages): string[] {
  return Object.entries(packages)
    .filter(
      ([path, { link, integrity, cpu, os }]) => path.includes('node_modules/') && !link && !integrity && !cpu && !os,
    )
    .map(([path]) => path)
}

if (import.meta.main) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  const file = join(root, 'package-lock.json')
  const lock: { packages: Packages } = JSON.parse(readFileSync(file, 'utf8'))
  const sums = new Map(
    Object.entries(resolveAnew(root)).map(([path, { version, integrity }]) => [
      `${nameOf(path)}@${version}`,
      integrity,
    ]),
  )
  for (const [path, { version, integrity, ...rest }] of Object.entries(lock.packages)) {
    const sum = integrity ?? (path.includes('node_modules/') ? sums.get(`${nameOf(path)}@${version}`) : undefined)
    // In the order in which npm writes it.
    if (sum) lock.packages[path] = { ...(version && { version }), integrity: sum, ...rest }
  }
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`without a checksum: ${unverified(lock.packages).join(', ') || 'none'}`)
}

function resolveAnew(root: string): Packages {
  const folder = mkdtempSync(join(tmpdir(), 'moorage-lock-'))
  try {
    for (const path of ['package.json', '.npmrc', 'clients/typescript/package.json'])
      cpSync(join(root, path), join(folder, path))
    execFileSync('npm', ['install', '--package-lock-only'], { cwd: folder, stdio: 'ignore' })
    return JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function nameOf(path: string): string {
  return path.split('node_modules/').at(-1) ?? path
}
