import type { Driver } from '../driver.ts'
import type { DriverOptions } from '../kinds.ts'
import { AppError } from '../../errors/app-error.ts'
import { executeStep } from './apply.ts'
import { connectCluster } from './connect.ts'
import type { Context } from './context.ts'
import { execRunner } from './exec.ts'
import { follow } from './follow.ts'
import { inventory } from './inventory.ts'
import { logsReader, tail } from './logs.ts'
import { edge } from './map-error.ts'
import { inspect, observe } from './observe.ts'
import { Namespaces } from './namespaces.ts'
import { createProber } from './probe.ts'
import { progress } from './progress.ts'
import { PublishedPorts } from './published-ports.ts'
import { ServerClock } from './server-clock.ts'
import { readSettings } from './settings.ts'
import { statsReader } from './stats.ts'

/**
 * Drives one cluster (Kubernetes 1.20 or newer) by its API. Connects at the first call. Throws `unsupported` for an endpoint that isn't a
 * cluster's.
 */
export function createKubernetesDriver({ endpoint, identity, settings: given }: DriverOptions): Driver {
  if (!('cluster' in endpoint))
    throw new AppError('unsupported', { detail: 'a cluster is reached by a kubeconfig, by url and token, or in it' })
  const settings = readSettings(given)
  const client = connectCluster(endpoint.cluster, settings)
  const prober = createProber({ client, identity, settings })
  const context: Context = {
    client,
    identity,
    settings,
    facts: prober.facts,
    owners: new Namespaces(client, identity.installation),
    ports: new PublishedPorts(client, identity.installation),
    clock: new ServerClock(client),
  }
  return {
    capabilities: { kind: 'kubernetes', subnets: false, ownIdentity: true },
    probe: async (call) => await edge('probe', async () => await prober.probe(call)),
    mark: async (call) => await edge('ask the cluster who it is', async () => await prober.hostId(call)),
    unmark: async () => {},
    observe: async (filter, call) => await edge('observe', async () => await observe(context, filter, call)),
    inspect: async (nativeId, call) => await edge('inspect', async () => await inspect(context, nativeId, call)),
    execute: async (step, desired, call) => await executeStep(context, step, desired, call),
    progress: async (step, desired, call) => await progress(context, step, desired, call),
    tail: async (nativeId, lines, call) => await tail(context, nativeId, lines, call),
    follow: async (call) => await follow(context, call),
    logs: logsReader(context),
    stats: statsReader(context),
    exec: execRunner(context),
    inventory: async (kind, call) => await edge(`list ${kind}`, async () => await inventory(context, kind, call)),
    close: async () => client.close(),
  }
}
