import { proofTest } from './proof.ts'
import { prove } from '../prove/fresh-clone.ts'

await proofTest('the quickstart must work on a clean clone, and change nothing the second time', prove)
