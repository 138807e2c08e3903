import { proofTest } from './proof.ts'
import { prove } from '../prove/worker-stopped.ts'

await proofTest('a worker that was stopped for longer than its lease must leave exactly the wanted containers', prove)
