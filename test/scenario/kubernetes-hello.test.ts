import { clusterProof } from './proof.ts'
import { prove } from '../prove/kubernetes-hello.ts'

await clusterProof(
  'examples/hello must run the same on Docker and on a cluster, with no request lost, and leave nothing',
  prove,
)
