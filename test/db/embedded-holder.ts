// A process with an embedded Postgres, for embedded.test.ts: says where it is, and stops it when its stdin ends.
import { startEmbedded } from '../../src/db/embedded.ts'
import { quiet } from '../lab/database.ts'

try {
  const embedded = await startEmbedded({ dataDir: process.argv[2] ?? '', log: quiet })
  process.stdout.write(`${JSON.stringify({ url: embedded.url })}\n`)
  for await (const _ of process.stdin);
  await embedded.stop()
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: (error as Error).message })}\n`)
}
