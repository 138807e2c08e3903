import { proofTest } from './proof.ts'
import { prove } from '../prove/observed.ts'

await proofTest('what is changed by hand must be seen at once, whichever worker is stopped or killed', prove)
