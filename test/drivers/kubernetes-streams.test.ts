import t from 'tap'
import { requireCluster } from '../lab/kube.ts'
import { streamContract } from './contract.ts'
import { kubernetesSubject } from './kubernetes-subject.ts'

const cluster = await requireCluster(t)
if (cluster) streamContract(t, kubernetesSubject(cluster))
