import { proofTest } from './proof.ts'
import { prove } from '../prove/fairness.ts'

await proofTest('a tenant with a long queue must not hold up the others', prove)
