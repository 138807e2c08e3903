import { prove } from '../prove/live.ts'
import { proofTest } from './proof.ts'

await proofTest('a deploy must be told step by step, and no event lost or twice while API processes are killed', prove)
