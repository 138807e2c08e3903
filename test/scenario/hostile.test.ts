import { proofTest } from './proof.ts'
import { prove } from '../prove/hostile.ts'

await proofTest('no input must make a route answer 5xx, leave its document or tell what is inside', prove, {
  engines: false,
})
