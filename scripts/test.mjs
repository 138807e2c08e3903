// `npm test [-- files or tap's flags]`: the set-up, every check, every test. The last line is `N passed, N failed`,
// where a check counts as one and so does each named test of a file. Plain Node 20, no packages.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { bin, environment, ROOT } from './child.mjs'
import { runChecks } from './checks.mjs'
import { ensureLabPackages } from './docker-engine.mjs'
import { ensureSetup, reportOnStderr } from './setup.mjs'
import { countTap } from './tap-results.mjs'

process.exitCode = await main(process.argv.slice(2))

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  try {
    await ensureSetup({ tests: true, report: reportOnStderr })
    // Once, here: the tests' processes would wait for each other's package lock.
    if (await ensureLabPackages()) process.stdout.write('installed the Debian packages that the tests need\n')
    if (args.length === 0) Object.assign(total, await runChecks())
    const tests = await runTap(args)
    total.passed += tests.passed
    total.failed += tests.failed
    total.skipped += tests.skipped
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
    total.failed++
  }
  if (total.skipped > 0) {
    process.stdout.write(`${total.skipped} skipped\n`)
    // What CI skips, nobody ever runs.
    if (process.env.CI === 'true') total.failed += total.skipped
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
  return total.failed === 0 ? 0 : 1
}

/** Runs tap, prints a line a file, and what a failed one says. @param {string[]} args */
async function runTap(args) {
  const child = spawn(bin('tap'), ['--reporter=tap', ...args], {
    cwd: ROOT,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  /** @type {Promise<number>} */
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 128))
  })
  const count = await countTap(createInterface({ input: child.stdout }), (text) => process.stdout.write(`${text}\n`))
  const code = await ended
  if (code !== 0 && count.failed === 0) {
    process.stdout.write(`FAILED tap ended with ${code}\n`)
    count.failed++
  }
  if (code === 0 && count.passed === 0 && count.failed === 0) {
    process.stdout.write('FAILED there was no test\n')
    count.failed++
  }
  return count
}
