/**
 * `npm run prove` lists the proofs, `npm run prove -- <name> [--long]` runs one: it prints the machine and the figures, and
 * ends with 1 where the outcome is not what was promised. Each is a file of test/prove.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { machine } from './machine.ts'

/** What a file of test/prove exports. */
interface Proof {
  prove(options: { readonly long: boolean }): Promise<{ readonly outcome: boolean; readonly lines: readonly string[] }>
}

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../test/prove')

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const names = existsSync(FOLDER) ? proofNames() : []
  const [name, ...others] = args.filter((arg) => arg !== '--long')
  if (name === undefined || others.length > 0 || !names.includes(name)) {
    console.error(`npm run prove -- <name> [--long], where the name is one of:\n  ${names.join('\n  ')}`)
    return name === undefined ? 0 : 2
  }
  for (const line of machine()) console.log(line)
  const start = performance.now()
  const proof: Proof = await import(pathToFileURL(join(FOLDER, `${name}.ts`)).href)
  const { outcome, lines } = await proof.prove({ long: args.includes('--long') })
  for (const line of lines) console.log(line)
  console.log(`${name}: ${outcome ? 'holds' : 'DOES NOT HOLD'} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  return outcome ? 0 : 1
}

/** Files that export `prove`; what else is there is shared by them. */
function proofNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => /export (async function|const) prove\b/.test(readFileSync(join(FOLDER, file), 'utf8')))
    .map((file) => file.slice(0, -3))
    .toSorted()
}
