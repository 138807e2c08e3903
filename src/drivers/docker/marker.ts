import type Docker from 'dockerode'
import type { CallOptions } from '../driver.ts'
import { shortId } from '../../lib/ids.ts'
import { notOurs, part, type Context } from './context.ts'
import { LABELS } from '../labels.ts'

type Volume = Docker.VolumeInspectInfo

/** The volume that says which host of which installation an engine is. */
export function markerName(installation: string): string {
  return `mrg-${shortId(installation)}-marker`
}

function isMarker(volume: Volume, installation: string): boolean {
  return volume.Labels?.[LABELS.installation] === installation && volume.Labels[LABELS.marker] === 'true'
}

/** The host id on the installation's marker; null where there is none. */
export async function readMarker({ engine, identity }: Context, call: CallOptions): Promise<string | null> {
  const name = markerName(identity.installation)
  const volume = await engine.find<Volume>(call, { method: 'GET', path: `/volumes/${part(name)}` })
  return volume && isMarker(volume, identity.installation) ? (volume.Labels[LABELS.hostId] ?? null) : null
}

/** Leaves the marker, and gives the host id that it has then: of two at once, the engine lets one be first. */
export async function writeMarker({ engine, identity }: Context, call: CallOptions): Promise<string> {
  const name = markerName(identity.installation)
  const Labels = {
    [LABELS.installation]: identity.installation,
    [LABELS.hostId]: identity.hostId,
    [LABELS.marker]: 'true',
  }
  const volume = await engine.request<Volume>(call, {
    method: 'POST',
    path: '/volumes/create',
    body: { Name: name, Driver: 'local', Labels },
  })
  const found = isMarker(volume, identity.installation) ? volume.Labels[LABELS.hostId] : undefined
  if (!found) throw notOurs('volume', name)
  return found
}

/** Takes this host's marker away. Another host's is left: it isn't this one's to take. */
export async function removeMarker(context: Context, call: CallOptions): Promise<void> {
  if ((await readMarker(context, call)) !== context.identity.hostId) return
  const name = markerName(context.identity.installation)
  await context.engine.find(call, { method: 'DELETE', path: `/volumes/${part(name)}` })
}
