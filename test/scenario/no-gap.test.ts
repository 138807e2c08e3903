import { proofTest } from './proof.ts'
import { prove } from '../prove/no-gap.ts'

await proofTest('a release, good or bad, must not fail a request by name', prove)
