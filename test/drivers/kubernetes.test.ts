import t from 'tap'
import { requireCluster } from '../lab/kube.ts'
import { appContract } from './contract.ts'
import { kubernetesSubject } from './kubernetes-subject.ts'

const cluster = await requireCluster(t)
if (cluster) appContract(t, kubernetesSubject(cluster))
