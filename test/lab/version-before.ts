import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Teardown } from './database.ts'
import { environment, mustRun, nodePath, ROOT, run } from '../../scripts/child.mjs'

/** A test runner's hooks are not meant for these. */
const QUIET = { NODE_OPTIONS: undefined }

/** The program of another commit, ready to run from its folder. */
export interface Version {
  readonly folder: string
  /** Short, for people. */
  readonly commit: string
}

/**
 * The commit that this checkout is upgraded from: its parent, or where the tree holds changes, the commit that they change. Throws
 * with the reason and what to do where there is none, as in a shallow clone.
 */
export async function commitBefore(): Promise<string> {
  const inside = await git('rev-parse', '--is-inside-work-tree')
  if (inside.code !== 0) throw new Error('the commit before can not be had: this is no git checkout')
  const changes = await git('status', '--porcelain')
  const name = changes.output.trim() === '' ? 'HEAD^' : 'HEAD'
  const commit = await git('rev-parse', '--verify', '--quiet', '--short', name)
  if (commit.code === 0) return commit.output.trim()
  const shallow = await git('rev-parse', '--is-shallow-repository')
  throw new Error(
    shallow.output.trim() === 'true'
      ? 'the commit before can not be had: this is a shallow clone; `git fetch --deepen 1` gets it'
      : 'the commit before can not be had: this is the first one',
  )
}

/**
 * Lays that commit out in a folder of its own, with its own Prisma client, and with this checkout's packages where its lock file is the
 * same (else with its own). Goes with the test.
 */
export async function versionBefore(t: Teardown): Promise<Version> {
  const commit = await commitBefore()
  const folder = await mkdtemp(join(tmpdir(), 'moorage-before-'))
  t.teardown(async () => await rm(folder, { recursive: true, force: true }))
  const tar = join(folder, 'before.tar')
  await mustRun('git', ['archive', '--output', tar, commit], { cwd: ROOT })
  await mustRun('tar', ['-xf', tar, '-C', folder])
  const lock = async (checkout: string) => await readFile(join(checkout, 'package-lock.json'), 'utf8')
  if ((await lock(folder)) === (await lock(ROOT)))
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  else
    await mustRun(
      'npm',
      ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'],
      {
        cwd: folder,
        env: environment(QUIET),
      },
    )
  await generateClient(folder)
  return { folder, commit }
}

/** The client is made of the schema; where that is the same, so is the client. */
async function generateClient(folder: string): Promise<void> {
  const schema = async (checkout: string) => await readFile(join(checkout, 'prisma/schema.prisma'), 'utf8')
  if ((await schema(folder)) === (await schema(ROOT))) {
    await cp(join(ROOT, 'src/db/generated'), join(folder, 'src/db/generated'), { recursive: true })
    return
  }
  // The client needs no engine, yet `generate` would fetch one: any program in its place keeps it from that.
  const env = environment({ ...QUIET, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', CHECKPOINT_DISABLE: '1' })
  await mustRun(nodePath(), [join(folder, 'node_modules/prisma/build/index.js'), 'generate'], { cwd: folder, env })
}

async function git(...args: string[]): Promise<{ code: number | null; output: string }> {
  return await run('git', args, { cwd: ROOT })
}
