import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { run } from './run.ts'

/** Kept between runs: what was downloaded once is not asked for again. */
const CACHE = join(homedir(), '.cache/moorage-lab')
const APT = '/etc/apt'

export interface PackageOptions {
  /** A release's name: the package is taken from it where the machine runs another. Default: the machine's own. */
  readonly release?: string
}

/** A folder with the files of a Debian package, unpacked and not installed. From the machine's own package sources. */
export async function debianFiles(name: string, { release }: PackageOptions = {}): Promise<string> {
  const own = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  if (own === undefined) throw new Error(`${name} is a package of Debian, and this is none`)
  const folder = join(CACHE, `${name}-${release ?? own}`)
  if (existsSync(folder)) return folder
  mkdirSync(CACHE, { recursive: true })
  const work = mkdtempSync(join(CACHE, 'draft-'))
  try {
    const options = release !== undefined && release !== own ? sourcesOf(release, own, work) : []
    const download = async () =>
      await run('sh', ['-ec', 'cd "$0" && exec apt-get -q "$@"', work, ...options, 'download', name])
    if (options.length > 0) await run('apt-get', ['-q', ...options, 'update'])
    // A fresh machine has no package lists yet.
    await download().catch(async () => {
      await run('apt-get', ['-q', ...options, 'update'])
      await download()
    })
    const file = readdirSync(work).find((entry) => entry.endsWith('.deb'))
    if (file === undefined) throw new Error(`apt-get downloaded no ${name}`)
    await run('dpkg', ['-x', join(work, file), join(work, 'files')])
    try {
      renameSync(join(work, 'files'), folder)
    } catch (error) {
      // Another test was faster.
      if (!existsSync(folder)) throw error
    }
    return folder
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The options with which apt sees the machine's own sources of Debian, for another release, and nothing else. */
function sourcesOf(release: string, own: string, work: string): string[] {
  const parts = join(work, 'sources')
  for (const folder of [parts, join(work, 'lists/partial'), join(work, 'cache/archives/partial')])
    mkdirSync(folder, { recursive: true })
  const files = [
    join(APT, 'sources.list'),
    ...readdirSync(join(APT, 'sources.list.d')).map((file) => join(APT, 'sources.list.d', file)),
  ]
  const suite = new RegExp(`(?<=\\s)${own}(?=[-\\s/])`, 'g')
  for (const file of files.filter((path) => /\.(list|sources)$/.test(path) && existsSync(path))) {
    const text = readFileSync(file, 'utf8')
    const changed = text.replaceAll(suite, release)
    if (changed !== text) writeFileSync(join(parts, basename(file)), changed)
  }
  return [
    ...['-o', 'Dir::Etc::sourcelist=/dev/null', '-o', `Dir::Etc::sourceparts=${parts}`],
    ...['-o', `Dir::State::lists=${join(work, 'lists')}`, '-o', `Dir::Cache=${join(work, 'cache')}`],
  ]
}

/** Copies a folder as it is, links and modes too. */
export function copyTree(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
}
