import { proofTest } from './proof.ts'
import { prove } from '../prove/two-servers.ts'

await proofTest('two servers on one engine must not touch each other', prove)
