// `node scripts/run.mjs [node's own flags] file.ts [arguments]`: gets the checkout ready and runs the file on Node 24
// in this very process where that is possible, so that signals and the exit code are the file's own.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { environment, nodePath, ROOT } from './child.mjs'
import { ensureSetup, reportOnStderr } from './setup.mjs'

try {
  await ensureSetup({ report: reportOnStderr })
  const node = nodePath()
  const args = process.argv.slice(2)
  // Node keeps there what it made of the sources, without their types: each start after the first takes 0.5 s and 20 MB less.
  const cache = process.env.NODE_COMPILE_CACHE ?? join(ROOT, 'node_modules/.cache/node')
  const env = environment({ NODE_COMPILE_CACHE: cache })
  if (typeof process.execve === 'function') {
    process.removeAllListeners('warning')
    process.on('warning', () => {}) // process.execve announces that it is new
    process.execve(node, [node, ...args], /** @type {Record<string, string>} */ (env))
  }
  // An older Node (the first time): a child in a process group of its own, so that it gets each signal once, from us.
  const child = spawn(node, args, { cwd: ROOT, env, stdio: 'inherit', detached: true })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 128 : 1)))
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  })
} catch (error) {
  process.stderr.write(`set-up failed: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
