import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { bin, ROOT, run } from '../../scripts/child.mjs'
import { checkText } from '../../scripts/check-text.ts'
import { isStaticElf } from '../../scripts/docker-engine.mjs'
import { tar } from '../../scripts/quickstart/tar.mjs'
import { countTap } from '../../scripts/tap-results.mjs'

/** What the linter says about a text, as part of this project. */
async function lint(t: Tap, text: string): Promise<string> {
  // Inside the checkout: the rules that know types need its tsconfig.
  const folder = await mkdtemp(join(ROOT, 'test/contract/lint-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'a.ts'), text)
  // tap puts NODE_OPTIONS into whatever we start, and the linter's launcher doesn't start with them.
  return (
    await run('env', ['-u', 'NODE_OPTIONS', bin('oxlint'), '--type-aware', '--format=unix', folder])
  ).output.trim()
}

type Tap = { teardown(work: () => Promise<void>): void }

const WORK = 'export async function work(): Promise<void> {\n  await Promise.resolve()\n}\n'

t.test('the linter finds a promise that nobody awaits', async (t) => {
  t.match(await lint(t, `${WORK}work()\n`), /no-floating-promises/)
  t.equal(await lint(t, `${WORK}await work()\n`), '')
})

t.test('the linter finds a promise where nobody expects one', async (t) => {
  t.match(await lint(t, `${WORK}setTimeout(async () => {\n  await work()\n}, 1)\n`), /no-misused-promises/)
})

t.test("the text check finds a machine's folders and its registry", async (t) => {
  t.strictSame(checkText('a.md', 'see /srv/checkout/src', ['/srv/checkout']), ['a.md:1 names a folder of this machine'])
  t.equal(checkText('a.md', `\n/ho${'me'}/somebody/x`, []).length, 1)
  t.equal(checkText('package-lock.json', '"resolved": "https://mirror.example/x.tgz"', []).length, 1)
  t.equal(checkText('.npmrc', 'registry=https://mirror.example/', []).length, 1)
  t.strictSame(checkText('a.md', 'image: registry.example.com/web', ['/srv/checkout']), [])
})

async function counted(tap: string): Promise<{ passed: number; failed: number; skipped: number; printed: string }> {
  const lines = (async function* () {
    yield* tap.split('\n')
  })()
  let printed = ''
  return { ...(await countTap(lines, (text) => (printed += `${text}\n`))), printed }
}

t.test('named tests are counted, a crashed file is a failure, a skip is neither', async (t) => {
  const result = await counted(
    [
      'TAP version 14',
      '# Subtest: test/a.test.ts',
      '    # Subtest: promise 1',
      '        ok 1 - should be equal',
      '        1..1',
      '    ok 1 - promise 1 # time=1ms',
      '    ok 2 - promise 2 # SKIP needs root',
      '    not ok 3 - promise 3',
      '    1..3',
      'not ok 1 - test/a.test.ts # time=1500.5ms',
      '# Subtest: test/b.test.ts',
      '    1..0 # no tests found',
      'not ok 2 - test/b.test.ts # time=2ms',
      '1..2',
    ].join('\n'),
  )
  t.match(result, { passed: 1, failed: 2, skipped: 1 })
  t.match(result.printed, 'FAILED test/a.test.ts (1.5 s)')
  t.match(result.printed, 'not ok 3 - promise 3')
})

t.test('a tar has what an engine needs to unpack it', async (t) => {
  const folder = await mkdtemp(join(ROOT, 'test/contract/tar-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'a.tar'), tar([{ name: 'bin/run', mode: 0o755, bytes: Buffer.from('hello') }]))
  const { output } = await run('tar', ['-tvf', join(folder, 'a.tar')])
  t.match(output, /^-rwxr-xr-x .* 5 .* bin\/run$/m)
})

t.test('a program that needs a loader is not static', async (t) => {
  const elf = Buffer.alloc(64 + 56)
  elf.write('\x7fELF\x02\x01', 'latin1')
  elf.writeBigUInt64LE(64n, 32)
  elf.writeUInt16LE(56, 54)
  elf.writeUInt16LE(1, 56)
  elf.writeUInt32LE(1, 64)
  t.equal(isStaticElf(elf), true)
  elf.writeUInt32LE(3, 64)
  t.equal(isStaticElf(elf), false)
  t.equal(isStaticElf(Buffer.from('#!/bin/sh\n')), false)
})
