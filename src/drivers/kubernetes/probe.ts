import type { CallOptions, Identity, Probe } from '../driver.ts'
import { abortable } from '../../lib/abort.ts'
import { nameId } from '../../lib/ids.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { bounded } from '../bounded.ts'
import type { ClusterClient } from './client.ts'
import { discover, type Discovered, readClusterId, readVersion, type ServerVersion } from './discovery.ts'
import type { ClusterFacts } from './facts.ts'
import { mapTimeout } from './map-error.ts'
import { permissionsChecker } from './permissions.ts'
import type { ClusterSettings } from './settings.ts'

/** All of a probe's calls together; its promise is 5 s. */
const PROBE_MS = 4800
/** How long what a cluster serves is believed, while its version is the same. */
const BELIEVED_MS = 300_000

interface Asked {
  readonly client: ClusterClient
  readonly identity: Identity
  readonly settings: Pick<ClusterSettings, 'nodeStats'>
}

export interface Prober {
  readonly probe: (call: CallOptions) => Promise<Probe>
  /** The id of the cluster as a host of this installation. */
  readonly hostId: (call: CallOptions) => Promise<string>
  /** As last discovered; asks where it never was. */
  readonly facts: (call: CallOptions) => Promise<ClusterFacts>
}

/** Asks a cluster who it is and what it can. Version and identity are asked for each time, the rest at most every 5 minutes. */
export function createProber({ client, identity, settings }: Asked): Prober {
  const requirePermissions = permissionsChecker(client, settings)
  let known: (Discovered & { readonly whole: string; readonly until: number }) | null = null

  const hostId = async (call: CallOptions): Promise<string> =>
    nameId(identity.installation, await readClusterId(client, call))
  const discovered = async (call: CallOptions, server: ServerVersion): Promise<Discovered> => {
    if (known && known.whole === server.whole && monotonicMs() < known.until) return known
    const found = await discover(client, call, server)
    known = { ...found, whole: server.whole, until: monotonicMs() + BELIEVED_MS }
    return found
  }
  const ask = async (call: CallOptions): Promise<Probe> => {
    // First: where nobody takes our credentials, or something else answers, that is what is said.
    const server = await readVersion(client, call)
    await requirePermissions(call)
    const [markerHostId, { facts, capacity }] = await Promise.all([hostId(call), discovered(call, server)])
    return { version: server.whole, apiVersion: 'v1', capacity, markerHostId, facts }
  }
  return {
    hostId,
    probe: async ({ signal, guard }) => {
      // It is not the cluster that is slow where this program is busy.
      await abortable(client.prepare(), signal)
      return await bounded(
        signal,
        PROBE_MS,
        () => mapTimeout('probe', PROBE_MS),
        async (inner) => await ask({ signal: inner, ...(guard && { guard }) }),
      )
    },
    facts: async (call) => (known ?? (await discovered(call, await readVersion(client, call)))).facts,
  }
}
