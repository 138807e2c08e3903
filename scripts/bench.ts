/**
 * `npm run bench` lists the benchmarks, `npm run bench -- <name> [--json] [--short] [--driver kubernetes]` runs one and `all` each in turn. It prints the
 * machine and a table; with `--json` its only line on stdout is one array of figures (npm's own banner goes with `npm run -s`), and
 * notes go to stderr. A benchmark reports: it exits with 0 also where a figure is not at its goal, with 1 where a benchmark broke.
 * Each is a file of bench/ that exports `bench`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Bench, Figure } from '../bench/bench.ts'
import { machine } from './machine.ts'

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../bench')

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const known = benchNames()
  const asked = readArguments(args)
  const names = asked?.name === 'all' ? known : known.filter((one) => one === asked?.name)
  if (!asked || names.length === 0) {
    await help(known)
    return args.length === 0 ? 0 : 2
  }
  const { json, short, driver } = asked
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  for (const line of machine()) (json ? note : console.log)(line)
  const figures: Figure[] = []
  let broken = false
  for (const one of names) {
    const start = performance.now()
    try {
      const { run } = await load(one)
      figures.push(...(await run({ short, driver, note: (line) => note(`${one}: ${line}`) })))
    } catch (error) {
      broken = true
      note(`${one}: BROKE: ${error instanceof Error ? error.stack : String(error)}`)
    }
    note(`${one}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
  }
  process.stdout.write(json ? `${JSON.stringify(figures)}\n` : table(figures))
  return broken ? 1 : 0
}

/** null: they say nothing that can be done. */
function readArguments(args: readonly string[]) {
  const options = { json: { type: 'boolean' }, short: { type: 'boolean' }, driver: { type: 'string' } } as const
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const { json = false, short = false, driver = 'docker' } = values
    const [name, ...others] = positionals
    return others.length === 0 && ['docker', 'kubernetes'].includes(driver) ? { name, json, short, driver } : null
  } catch {
    return null
  }
}

async function load(name: string): Promise<Bench> {
  const file: { readonly bench: Bench } = await import(pathToFileURL(join(FOLDER, `${name}.ts`)).href)
  return file.bench
}

async function help(names: readonly string[]): Promise<void> {
  console.error(
    'npm run bench -- <name> [--json] [--short] [--driver docker|kubernetes], where the name is `all` or one of:',
  )
  for (const name of names) console.error(`  ${name.padEnd(8)} ${(await load(name)).about}`)
  console.error('It exits with 0 also where a figure is not at its goal: 1 says that a benchmark broke.')
}

/** Files that export `bench`; what else is there is shared by them. */
function benchNames(): string[] {
  return (existsSync(FOLDER) ? readdirSync(FOLDER) : [])
    .filter((file) => file.endsWith('.ts') && /^export const bench\b/m.test(readFileSync(join(FOLDER, file), 'utf8')))
    .map((file) => file.slice(0, -3))
    .toSorted()
}

function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, ours, reference, ratio, goal, holds }) => [
    name,
    `${ours} ${unit}`,
    reference === null ? '' : `${reference} ${unit}`,
    ratio === null ? '' : ratio.toFixed(2),
    goal,
    holds ? 'holds' : 'DOES NOT HOLD',
  ])
  const all = [['', 'ours', 'reference', 'ratio', 'goal', ''], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
