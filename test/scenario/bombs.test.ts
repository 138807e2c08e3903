import { proofTest } from './proof.ts'
import { prove } from '../prove/bombs.ts'

await proofTest('every bomb must be refused', prove, { engines: false })
