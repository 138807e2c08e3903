import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '../../src/lib/ids.ts'
import type { Teardown } from './database.ts'
import { run } from './run.ts'

const ROOT = new URL('../..', import.meta.url).pathname

/**
 * A registry with the packages of package-lock.json and nothing else, for builds in engines that reach no network: out of the
 * machine's npm cache, where the set-up has put them. Gives its address.
 */
export async function startRegistry(t: Teardown, host: string): Promise<string> {
  const [cache, upstream, packages] = await Promise.all([setting('cache'), setting('registry'), lockedPackages()])
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    const [, name = '', version] = /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.+)\.tgz)?$/.exec(path) ?? []
    const versions = packages.get(name)
    if (!versions || (version !== undefined && !versions.has(version))) {
      response.writeHead(404).end()
    } else if (version === undefined) {
      response.end(JSON.stringify(packument(name, [...versions], `http://${request.headers.host}`)))
    } else {
      archive({ cache, upstream, name, version }).then(
        (bytes) => response.end(bytes),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
    }
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => void server.close())
  return `http://${host}:${(server.address() as AddressInfo).port}/`
}

/** Which versions are locked, by name. */
async function lockedPackages(): Promise<Map<string, Set<string>>> {
  const lock: unknown = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'))
  const packages = new Map<string, Set<string>>()
  for (const [path, { version }] of Object.entries(
    (lock as { packages: Record<string, { version?: string }> }).packages,
  )) {
    const name = path.split('node_modules/').at(-1) ?? ''
    if (version !== undefined) packages.set(name, (packages.get(name) ?? new Set()).add(version))
  }
  return packages
}

function packument(name: string, versions: readonly string[], url: string): object {
  const entry = (version: string) => ({ name, version, dist: { tarball: `${url}/${name}/-/${version}.tgz` } })
  return {
    name,
    'dist-tags': { latest: versions[0] },
    versions: Object.fromEntries(versions.map((version) => [version, entry(version)])),
  }
}

interface Wanted {
  readonly cache: string
  readonly upstream: string
  readonly name: string
  readonly version: string
}

async function archive(wanted: Wanted): Promise<Buffer> {
  return (await cached(wanted)) ?? (await downloaded(wanted))
}

/** The bytes as npm's cache (cacache 5: an index by the address's hash, the content by its digest) has them; null where it does not. */
async function cached({ cache, upstream, name, version }: Wanted): Promise<Buffer | null> {
  const address = `${upstream}${name}/-/${name.split('/').at(-1)}-${version}.tgz`
  const entries = await read(place(cache, 'index-v5', sha256(`make-fetch-happen:request-cache:${address}`)))
  const line = entries?.toString().trimEnd().split('\n').at(-1)?.split('\t')[1] ?? '{}'
  const { integrity } = JSON.parse(line) as { integrity?: string }
  const [, algorithm, digest] = /^(\w+)-(\S+)/.exec(integrity ?? '') ?? []
  if (algorithm === undefined || digest === undefined) return null
  return await read(place(cache, `content-v2/${algorithm}`, Buffer.from(digest, 'base64').toString('hex')))
}

function place(cache: string, part: string, hex: string): string {
  return join(cache, '_cacache', part, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4))
}

async function read(file: string): Promise<Buffer | null> {
  return await readFile(file).catch(() => null)
}

/** By npm itself, from wherever this machine has its packages. */
async function downloaded({ name, version }: Wanted): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'moorage-package-'))
  try {
    await npm(['pack', '--silent', '--pack-destination', folder, `${name}@${version}`])
    const [file = ''] = await readdir(folder)
    return await readFile(join(folder, file))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function setting(name: string): Promise<string> {
  return (await npm(['config', 'get', name])).trim()
}

/** tap's options for Node are not meant for npm. */
async function npm(args: readonly string[]): Promise<string> {
  return await run('npm', args, { env: { ...process.env, NODE_OPTIONS: '' } })
}
