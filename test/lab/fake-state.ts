import type { SimulatedApp } from '../../src/planning/simulate.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { IMAGES } from './images.ts'

export interface Owner {
  readonly installation: string
  readonly tenant: { readonly id: string; readonly name: string }
  readonly app: { readonly id: string; readonly name: string }
}

interface Made {
  readonly image: string
  readonly command: string
  readonly exitCode: number | null
  readonly healthy: boolean
  readonly stubborn: boolean
  readonly generation: number
  readonly createdAt: number
  readonly address: string
  startedAt: number | null
}

export interface Entry {
  readonly owner: Owner
  state: SimulatedApp
  readonly made: Map<string, Made>
}

export function containerOf(entry: Entry, nativeIdOrName: string) {
  return entry.state.containers.find(({ nativeId, name }) => nativeId === nativeIdOrName || name === nativeIdOrName)
}

export function isSame(a: Owner, b: Owner): boolean {
  return a.installation === b.installation && a.tenant.id === b.tenant.id && a.app.id === b.app.id
}

export function isKnown(image: string): boolean {
  return Object.values(IMAGES).some((known) => known === image)
}

export function noImage(image: string): AppError {
  return new AppError('image_not_found', { detail: `there is no image ${image}` })
}
