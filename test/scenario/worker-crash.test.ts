import { proofTest } from './proof.ts'
import { prove } from '../prove/worker-crash.ts'

await proofTest('a killed or stopped worker must leave exactly the wanted containers', prove)
