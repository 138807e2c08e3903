import { AppError } from '../../errors/app-error.ts'

/** The oldest API that this driver speaks (Engine 20.10), and the newest that it was written against. */
const API_FLOOR = 41
const API_CEILING = 44

export const NO_ENGINE = 'what answers there is not a Docker engine'

/** What an engine is, and the minor number of the API version that both sides speak. */
export interface Negotiated {
  readonly minor: number
  readonly version: string
}

/** Out of the answer to `/version`. Throws `unsupported` for what is no engine, or has no version in common. */
export function toNegotiated(answer: unknown): Negotiated {
  const field = (name: string): string => {
    const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : null
    return typeof value === 'string' ? value : ''
  }
  const newest = /^1\.(\d+)$/.exec(field('ApiVersion'))?.[1]
  const oldest = /^1\.(\d+)$/.exec(field('MinAPIVersion'))?.[1] ?? '0'
  if (newest === undefined) throw new AppError('unsupported', { detail: NO_ENGINE })
  if (Number(newest) < API_FLOOR || Number(oldest) > API_CEILING) {
    const spoken = `API 1.${oldest} to 1.${newest}`
    throw new AppError('unsupported', {
      detail: `the engine is version ${field('Version')} and speaks ${spoken}; this needs one of 1.${API_FLOOR} to 1.${API_CEILING} (Engine 20.10 or newer)`,
    })
  }
  return { minor: Math.min(Number(newest), API_CEILING), version: field('Version') }
}
