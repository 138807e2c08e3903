import type Docker from 'dockerode'
import { names, type DesiredApp } from '../../planning/index.ts'
import type { StepOutcome } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { notOurs, part, type Work } from './context.ts'
import { appLabels, isOf, LABELS } from '../labels.ts'

/** The engine's name of a volume of the spec, and its labels. */
export function volumeOf(
  desired: DesiredApp,
  installation: string,
  key: string,
): { name: string; labels: Record<string, string> } {
  const labels = { ...desired.spec?.volumes[key]?.labels, ...appLabels(desired, installation), [LABELS.key]: key }
  return { name: names.volume(desired, key), labels }
}

/** Makes a volume; one that is there already is checked to be the app's. */
export async function createVolume({ engine, call, step, desired, identity }: Work): Promise<StepOutcome> {
  const key = Object.keys(desired.spec?.volumes ?? {}).find((wanted) => names.volume(desired, wanted) === step.target)
  if (key === undefined) throw new AppError('internal', { detail: `the spec has no volume ${step.target}` })
  const { name, labels } = volumeOf(desired, identity.installation, key)
  // The engine answers with the volume that has the name, new or old, and changes nothing of an old one.
  const body = { Name: name, Driver: 'local', Labels: labels }
  const volume = await engine.request<Docker.VolumeInspectInfo>(call, { method: 'POST', path: '/volumes/create', body })
  if (!isOf(desired, identity.installation, volume.Labels)) throw notOurs('volume', name)
  return { result: 'done' }
}

export async function removeVolume({ engine, call, step, desired, identity }: Work): Promise<StepOutcome> {
  const path = `/volumes/${part(step.nativeId ?? step.target)}`
  const volume = await engine.find<Docker.VolumeInspectInfo>(call, { method: 'GET', path })
  if (!volume) return { result: 'done', message: 'it was gone already' }
  if (!isOf(desired, identity.installation, volume.Labels)) throw notOurs('volume', volume.Name)
  await engine.find(call, { method: 'DELETE', path })
  return { result: 'done' }
}
