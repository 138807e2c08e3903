import { clusterProof } from './proof.ts'
import { prove } from '../prove/kubernetes-api-killed.ts'

await clusterProof("a cluster's API server that is killed in mid-rollout must cost an operation time alone", prove, {
  toBreak: true,
})
