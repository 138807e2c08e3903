// Runs programs: fixed argument lists, never a shell. Plain Node 20: used before any package is there.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

const BIN = join(ROOT, 'node_modules', '.bin')

/** The Node that the packages brought, or the running one where it is new enough. Throws where neither is. */
export function nodePath() {
  const brought = join(BIN, 'node')
  if (existsSync(brought)) return brought
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  throw new Error(
    `there is no Node 24 for ${process.platform}-${process.arch} among the packages: install Node 24 yourself`,
  )
}

/** A program of the packages. @param {string} name */
export function bin(name) {
  return join(BIN, name)
}

/**
 * The environment of what we start: the packages' programs come first in PATH.
 * @param {Record<string, string | undefined>} [extra]
 */
export function environment(extra = {}) {
  const path = process.env.PATH ?? ''
  return { ...process.env, PATH: path.split(delimiter)[0] === BIN ? path : `${BIN}${delimiter}${path}`, ...extra }
}

/**
 * Runs a program to its end and keeps what it printed (both streams, in order).
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, show?: boolean }} [options] `show`: let it print on our own terminal instead
 * @returns {Promise<{ code: number, output: string }>} `code` is 127 where the program is missing, 128 where a signal ended it
 */
export function run(command, args, { env = environment(), cwd = ROOT, show = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'] })
    /** @type {Buffer[]} */
    const chunks = []
    child.stdout?.on('data', (chunk) => chunks.push(chunk))
    child.stderr?.on('data', (chunk) => chunks.push(chunk))
    const output = () => Buffer.concat(chunks).toString('utf8')
    child.on('error', (error) => resolve({ code: 127, output: `${output()}${error.message}` }))
    child.on('close', (code) => resolve({ code: code ?? 128, output: output() }))
  })
}

/**
 * The same, but whatever is not exit code 0 is an Error with the last lines that the program printed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 */
export async function mustRun(command, args, options) {
  const { code, output } = await run(command, args, options)
  if (code === 0) return output
  throw new Error(`${[command.split('/').at(-1), ...args].join(' ')} ended with ${code}:\n${lastLines(output, 15)}`)
}

/** @param {string} text @param {number} count */
export function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}
