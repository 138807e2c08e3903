// The checks: type check, lint, format, the house's rules, unused code, generated files. Plain Node 20, no packages.
// `npm run check` runs them alone, `npm test` runs them before the tests.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bin, nodePath, ROOT, run } from './child.mjs'
import { ensureSetup, reportOnStderr } from './setup.mjs'

/** How many at once: most of them use more than one core by themselves. */
const PARALLEL = 2

/** @returns {{ name: string, command: string, args: string[] }[]} */
function checks() {
  return [
    { name: 'types', command: bin('tsc'), args: ['-p', '.'] },
    {
      name: "client's types",
      command: join(ROOT, 'clients/typescript/node_modules/.bin/tsc'),
      args: ['-p', 'clients/typescript', '--noEmit'],
    },
    { name: "console's types", command: bin('tsc'), args: ['-p', 'src/console/page'] },
    { name: 'lint', command: bin('oxlint'), args: ['--type-aware', '--deny-warnings'] },
    { name: 'format', command: bin('oxfmt'), args: ['--check'] },
    { name: 'layers', command: nodePath(), args: ['scripts/check-layers.ts'] },
    { name: 'text', command: nodePath(), args: ['scripts/check-text.ts'] },
    { name: 'unused code', command: bin('knip'), args: ['--no-progress'] },
    { name: 'generated files', command: nodePath(), args: ['scripts/generate.ts', '--check'] },
  ]
}

/** Runs all of them, prints a line each and what a failed one says. @returns {Promise<{ passed: number, failed: number }>} */
export async function runChecks() {
  const waiting = checks()
  const count = { passed: 0, failed: 0 }
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const start = performance.now()
      const { code, output } = await run(check.command, check.args)
      count[code === 0 ? 'passed' : 'failed']++
      process.stdout.write(
        `${code === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`,
      )
      if (code !== 0) process.stdout.write(`${output.trimEnd().replaceAll(/^/gm, '    ')}\n`)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return count
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await ensureSetup({ report: reportOnStderr })
    const { passed, failed } = await runChecks()
    process.stdout.write(`${passed} passed, ${failed} failed\n`)
    process.exitCode = failed === 0 ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
