import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, run } from './run.ts'

const CACHE = join(tmpdir(), `moorage-lab-promtool-${process.getuid?.() ?? 0}`)
const PROGRAM = join(CACHE, 'usr/bin/promtool')

/**
 * The path of promtool: the machine's, or that of Debian's package `prometheus`, unpacked beside the machine (50 MB, once), so that no
 * Prometheus is installed or started. Throws with the reason where there is neither.
 */
export async function promtool(): Promise<string> {
  const path = (process.env.PATH ?? '').split(':').map((folder) => join(folder, 'promtool'))
  const found = [...path, PROGRAM].find((each) => existsSync(each))
  if (found) return found
  const draft = await mkdtemp(join(tmpdir(), 'moorage-promtool-'))
  try {
    // Run in the draft's folder: `apt-get download` knows no other.
    const download = ['-C', draft, 'apt-get', 'download', '-qq', 'prometheus']
    if (!(await attempt('env', ...download))) {
      await run('apt-get', ['update', '-qq'])
      await run('env', download)
    }
    const deb = (await readdir(draft)).find((file) => file.endsWith('.deb'))
    if (deb === undefined) throw new Error('apt-get download brought no package')
    await mkdir(join(draft, 'unpacked'))
    await run('dpkg', ['-x', join(draft, deb), join(draft, 'unpacked')])
    // Another process may have been faster.
    await rename(join(draft, 'unpacked'), CACHE).catch(() => {})
    return PROGRAM
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
