/**
 * What the tracked files may not say: where this machine keeps things, and which mirror the packages came from. Both would
 * be wrong everywhere else.
 */
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The lines of a file that may not stay, as `file:line reason`. `places` are folders of this machine. */
export function checkText(file: string, text: string, places: readonly string[]): string[] {
  const namesPackages = /(^|\/)(package-lock\.json|\.npmrc)$/.test(file)
  const reasons = (line: string): string[] => [
    ...(places.some((place) => line.includes(`${place}/`)) ? ['names a folder of this machine'] : []),
    ...(/\/(home|Users)\/(?!app\b|node\b)[a-z][\w.-]*\//.test(line) ? ["names a person's folder"] : []),
    ...(namesPackages && /"resolved": "https?:|^[^#]*registry\s*=/.test(line)
      ? ['names the registry that this machine uses: it is slower or unreachable elsewhere']
      : []),
  ]
  return text.split('\n').flatMap((line, index) => reasons(line).map((reason) => `${file}:${index + 1} ${reason}`))
}

if (import.meta.main) {
  // A home or a root folder of one short name (`/root`) is in every container's examples too.
  const places = [ROOT.replace(/\/$/, ''), homedir()].filter((place) => place.split('/').length > 2)
  const found = trackedFiles().flatMap((file) => checkText(file, read(file), places))
  for (const line of found) console.log(line)
  process.exitCode = found.length === 0 ? 0 : 1
}

/** What git tracks; without git, what is there but for the folders that it ignores. */
function trackedFiles(): string[] {
  try {
    const list = execFileSync('git', ['ls-files', '-z'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return list.split('\0').filter((file) => file !== '')
  } catch {
    return globSync('**/*', { cwd: ROOT, exclude: ['node_modules', '.git', '.moorage', '.tap', 'src/db/generated'] })
  }
}

/** Empty for a file that is deleted here, or is a link to a folder. */
function read(file: string): string {
  try {
    return readFileSync(join(ROOT, file), 'utf8')
  } catch {
    return ''
  }
}
