import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { unverified } from '../../scripts/lock-integrity.ts'
import { holes, type LockedPackages } from '../../scripts/lock-platforms.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

interface PackageJson {
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly overrides?: Record<string, string>
}

/** What a manifest asks for, each as `name version`. */
function wanted(file: string): string[] {
  const { dependencies, devDependencies, optionalDependencies, overrides }: PackageJson = JSON.parse(read(file))
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies, ...overrides }).map((pair) =>
    pair.join(' '),
  )
}

const all = [...new Set([...wanted('package.json'), ...wanted('clients/typescript/package.json')])]

t.test('docs/dependencies.md lists each dependency with its version and a reason', async (t) => {
  const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$/gm)]
  t.strictSame(rows.map(([, name, version = '']) => `${name} ${version.trim()}`).toSorted(), all.toSorted())
  for (const row of rows) t.ok((row[3] ?? '').trim().length > 10, `${row[1]} has a reason`)
})

t.test('every version is exact', async (t) => {
  for (const dependency of all) t.match(dependency, /^\S+ \d+\.\d+\.\d+(-[\w.-]+)?$/, dependency)
})

t.test('the lock file names the packages of every platform, so that npm takes it', async (t) => {
  const lock: { packages: LockedPackages } = JSON.parse(read('package-lock.json'))
  t.strictSame(Object.keys(holes(lock.packages)), [], 'run `node scripts/lock-platforms.ts` after an install')
  const [removed] = Object.keys(lock.packages).filter((path) => path.endsWith('-darwin-arm64'))
  t.ok(removed)
  const holey = Object.fromEntries(Object.entries(lock.packages).filter(([path]) => path !== removed))
  t.equal(Object.keys(holes(holey))[0], removed)
})

t.test('the lock file has a checksum for every package, so that npm verifies what it gets', async (t) => {
  const lock: { packages: Parameters<typeof unverified>[0] } = JSON.parse(read('package-lock.json'))
  t.strictSame(unverified(lock.packages), [], 'run `node scripts/lock-integrity.ts` after an install')
  t.strictSame(unverified({ 'node_modules/a': {}, 'node_modules/b': { os: ['darwin'] }, c: {} }), ['node_modules/a'])
})
