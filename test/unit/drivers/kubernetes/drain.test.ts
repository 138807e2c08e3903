import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { DRAIN_PROGRAMS, DRAIN_SECONDS } from '../../../../src/drivers/kubernetes/manifests/drain-program.ts'
import { run } from '../../../lab/run.ts'

const ARCHITECTURES: Readonly<Record<string, keyof typeof DRAIN_PROGRAMS>> = { x64: 'amd64', arm64: 'arm64' }

t.test('the program sleeps for its time and ends well', async (t) => {
  const architecture = process.platform === 'linux' ? ARCHITECTURES[process.arch] : undefined
  if (!architecture)
    return t.plan(0, `it is for Linux on amd64 and arm64, and this is ${process.platform} on ${process.arch}`)
  const folder = mkdtempSync(join(tmpdir(), 'moorage-drain-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'drain'), DRAIN_PROGRAMS[architecture], { mode: 0o555 })
  const start = performance.now()
  t.equal(await run(join(folder, 'drain'), [], { env: {} }), '')
  const tookMs = performance.now() - start
  t.ok(tookMs >= DRAIN_SECONDS * 1000 && tookMs < 30_000, `it took ${tookMs} ms`)
})

t.test('both programs are ELF files of their own architecture, as long as they say', async (t) => {
  for (const [architecture, machine] of [
    ['amd64', 62],
    ['arm64', 183],
  ] as const) {
    const bytes = Buffer.from(DRAIN_PROGRAMS[architecture])
    t.equal(bytes.subarray(0, 4).toString('latin1'), '\u007fELF')
    t.equal(bytes.readUInt16LE(18), machine)
    t.equal(Number(bytes.readBigUInt64LE(96)), bytes.length)
    t.equal(Number(bytes.readBigUInt64LE(bytes.length - 16)), DRAIN_SECONDS, 'the time is the last of it')
  }
})
