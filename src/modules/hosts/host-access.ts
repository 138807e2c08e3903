import type { Database, Tx } from '../../db/index.ts'
import type { SealedColumn } from '../../db/sealed.ts'
import type { CallOptions, Driver, DriverOptions, Endpoint } from '../../drivers/index.ts'
import { AppError, isAppError } from '../../errors/app-error.ts'
import { canonicalJson } from '../../lib/canonical.ts'
import { digestOf } from '../../lib/canonical.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { sha256 } from '../../lib/ids.ts'
import { SealError, type Sealer } from '../../lib/seal.ts'
import type { HostCandidate } from '../../planning/index.ts'
import { findCandidates, findEndpoint } from './hosts.repository.ts'

export type CreateDriver = (kind: string, options: DriverOptions) => Driver

export interface HostAccess {
  /**
   * The driver of a host, kept until its endpoint or its settings change or the host is gone: one for all callers, who never close it.
   * Asks the database (in `tx`, where one is given), not the engine. Throws `not_found` where there is no such host, and
   * `secret_unreadable` where its endpoint was sealed with a key that this process does not have.
   */
  driver(hostId: string, tx?: Tx): Promise<Driver>
  /**
   * The same, once the engine has shown its marker in the last 10 s: `host_marker_missing` and `host_identity_mismatch`
   * say that it didn't, `host_unreachable` that it doesn't answer.
   */
  connect(hostId: string, options: CallOptions): Promise<Driver>
  /** A driver of its own, for an engine that is not registered yet. The caller closes it. */
  open(kind: string, options: { readonly endpoint: Endpoint; readonly settings: unknown }, hostId: string): Driver
  sealEndpoint(hostId: string, endpoint: Endpoint): Uint8Array<ArrayBuffer>
  /** Whether what is sealed there for the host is this endpoint; no, where it can not be opened. */
  isEndpoint(hostId: string, sealed: Uint8Array, endpoint: Endpoint): boolean
  /** Closes the driver of a host that is gone. */
  forget(hostId: string): Promise<void>
  /** All hosts as `place` sees them. */
  loadCandidates(tx: Tx): Promise<HostCandidate[]>
  /** Closes all drivers. */
  close(): Promise<void>
}

export interface HostAccessDeps {
  readonly db: Database
  readonly sealer: Sealer
  /** The installation's id. */
  readonly installation: string
  readonly createDriver: CreateDriver
}

export const SEALED_ENDPOINTS: SealedColumn = {
  table: 'hosts',
  column: 'endpoint',
  id: ['id'],
  context: ([id = '']) => contextOf(id),
  needed: true,
}

/** How long an engine's marker is believed after it was seen. */
const VERIFIED_MS = 10_000

interface Kept {
  /** The digest of the sealed bytes: the same ones need not be opened again. */
  sealed: string
  /** The digest of what is in them: sealed anew with another key, an endpoint is still the same. */
  readonly content: string
  /** The digest of its settings. */
  readonly settings: string
  readonly driver: Driver
  verifiedAt: number | null
}

/** How everything else reaches engines: opens sealed endpoints, keeps drivers, checks who answers. */
export function createHostAccess({ db, sealer, installation, createDriver }: HostAccessDeps): HostAccess {
  const kept = new Map<string, Kept>()

  const open: HostAccess['open'] = (kind, options, hostId) =>
    createDriver(kind, { ...options, identity: { installation, hostId } })
  const forget: HostAccess['forget'] = async (hostId) => {
    const entry = kept.get(hostId)
    kept.delete(hostId)
    await entry?.driver.close()
  }
  const entryOf = async (hostId: string, tx: Tx = db.prisma): Promise<Kept> => {
    const row = await findEndpoint(tx, hostId)
    if (!row) {
      await forget(hostId)
      throw new AppError('not_found', { detail: `there is no host ${hostId}` })
    }
    const sealed = sha256(row.endpoint)
    const before = kept.get(hostId)
    const settings = digestOf(row.settings ?? null)
    if (before?.sealed === sealed && before.settings === settings) return before
    const endpoint = openEndpoint(sealer, hostId, row.endpoint)
    const content = digestOf(endpoint)
    if (before?.content === content && before.settings === settings) {
      before.sealed = sealed
      return before
    }
    const driver = open(row.kind, { endpoint, settings: row.settings }, hostId)
    const entry: Kept = { sealed, content, settings, driver, verifiedAt: null }
    kept.set(hostId, entry)
    await before?.driver.close()
    return entry
  }

  return {
    open,
    forget,
    async driver(hostId, tx) {
      return (await entryOf(hostId, tx)).driver
    },
    async connect(hostId, options) {
      const entry = await entryOf(hostId)
      if (entry.verifiedAt !== null && monotonicMs() - entry.verifiedAt < VERIFIED_MS) return entry.driver
      entry.verifiedAt = null
      const { markerHostId } = await entry.driver.probe(options)
      requireMarker(hostId, markerHostId)
      entry.verifiedAt = monotonicMs()
      return entry.driver
    },
    sealEndpoint: (hostId, endpoint) => sealer.seal(JSON.stringify(endpoint), contextOf(hostId)),
    isEndpoint(hostId, sealed, endpoint) {
      try {
        return canonicalJson(openEndpoint(sealer, hostId, sealed)) === canonicalJson(endpoint)
      } catch (error) {
        if (isAppError(error, 'secret_unreadable')) return false
        throw error
      }
    },
    async loadCandidates(tx) {
      const rows = await findCandidates(tx)
      return rows.map((row) => ({ ...row, labels: readLabels(row.labels) }))
    },
    async close() {
      await Promise.all([...kept.keys()].map(forget))
    },
  }
}

/** What was sealed under this host's own context is what `sealEndpoint` took. */
function openEndpoint(sealer: Sealer, hostId: string, sealed: Uint8Array): Endpoint {
  try {
    return JSON.parse(sealer.open(sealed, contextOf(hostId)))
  } catch (error) {
    if (!(error instanceof SealError)) throw error
    throw new AppError('secret_unreadable', {
      detail: `how to reach the host can not be unsealed: ${error.message}`,
      cause: error,
    })
  }
}

/** Throws where an engine's marker isn't this host's. */
export function requireMarker(hostId: string, markerHostId: string | null): void {
  if (markerHostId === null) {
    throw new AppError('host_marker_missing', {
      detail: 'the engine has no marker of this installation: it lost its volume, or is another engine',
    })
  }
  if (markerHostId !== hostId)
    throw new AppError('host_identity_mismatch', {
      detail: `the engine has the marker of another host (${markerHostId})`,
    })
}

/** Labels out of their column. */
export function readLabels(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function contextOf(hostId: string): string {
  return `host:${hostId}`
}
