import { clusterProof } from './proof.ts'
import { prove } from '../prove/kubernetes-drift.ts'

await clusterProof('what others change on a cluster must be told of, and taken back by a reconcile', prove)
