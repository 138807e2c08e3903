import { proofTest } from './proof.ts'
import { prove } from '../prove/restore.ts'

await proofTest('a restored database must find its apps as they run, and nothing may be there twice', prove)
