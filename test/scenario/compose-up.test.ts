import { proofTest } from './proof.ts'
import { prove } from '../prove/compose-up.ts'

await proofTest('our own docker-compose.yml must go on deploying while each of its processes is killed', prove)
