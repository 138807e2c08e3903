import { prove } from '../prove/subscribers.ts'
import { proofTest } from './proof.ts'

await proofTest('many subscribers must each get every event of their tenant, once and in order', prove, {
  engines: false,
})
