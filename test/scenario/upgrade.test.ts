import t from 'tap'
import { proofTest } from './proof.ts'
import { commitBefore } from '../lab/version-before.ts'
import { prove } from '../prove/upgrade.ts'

const obstacle = await commitBefore().then(
  () => null,
  (error: Error) => error.message,
)
if (obstacle !== null && process.env.CI !== 'true') t.plan(0, obstacle)
else await proofTest('an upgrade must fail no request and no operation, with both versions on one database', prove)
