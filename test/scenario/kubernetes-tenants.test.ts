import { clusterProof } from './proof.ts'
import { prove } from '../prove/kubernetes-tenants.ts'

await clusterProof('two tenants on one cluster must not read, name or count against each other', prove)
