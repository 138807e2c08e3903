import { proofTest } from './proof.ts'
import { prove } from '../prove/worker-killed.ts'

await proofTest('a killed worker must leave exactly the wanted containers', prove)
