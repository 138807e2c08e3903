import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { newId } from './ids.ts'

/**
 * The text of the file, or of a new one that `make` gives: written whole or not at all, mode 0600, and the same for all processes
 * that ask at once.
 */
export async function keptSecret(path: string, make: () => string): Promise<{ text: string; made: boolean }> {
  const kept = await readSecret(path)
  if (kept !== null) return { text: kept, made: false }
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${newId()}`
  await writeFile(draft, `${make()}\n`, { mode: 0o600, flag: 'wx' })
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return { text: (await readSecret(path)) ?? '', made: false }
  } finally {
    await rm(draft, { force: true })
  }
  return { text: (await readSecret(path)) ?? '', made: true }
}

/** The text of the file, or null where there is none. */
export async function readSecret(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
