import { proofTest } from './proof.ts'
import { prove } from '../prove/cut-off.ts'

await proofTest('a host cut off in mid-deploy must end truthfully and hold up nobody else', prove)
