import { proofTest } from './proof.ts'
import { prove } from '../prove/one-deployment.ts'

await proofTest('a thousand identical requests must make one deployment', prove)
