import type Docker from 'dockerode'
import type { ServiceSpec } from '../../spec/index.ts'
import { AppError } from '../../errors/app-error.ts'
import type { Work } from './context.ts'
import { pathOf } from './images.ts'

/** A health check starts a process by the engine, outside of the container's limits: the spec may not ask for it more often either. */
const LEAST_INTERVAL_NS = 500_000_000

/**
 * Holds what an image brings by itself to what a spec may ask for: its working directory (`unsupported` where it is in /proc, /sys or
 * /dev, which reach past the container in some runtimes) and how often its health is checked. Gives the interval in
 * nanoseconds that the container must have instead of the image's; null: the image's own will do.
 */
export async function checkImageDefaults({ engine, call }: Work, service: ServiceSpec): Promise<number | null> {
  const path = `/images/${pathOf(service.image)}/json`
  const image = await engine.find<Docker.ImageInspectInfo>(call, { method: 'GET', path })
  // One that is gone by now is the engine's to refuse.
  const { WorkingDir = '', Healthcheck } = image?.Config ?? {}
  if (service.workingDir === null && /^\/+(proc|sys|dev)(\/|$)/.test(WorkingDir)) {
    throw new AppError('unsupported', {
      detail: `the image ${service.image} begins in ${WorkingDir}, where no container may: give the service a working_dir of its own`,
    })
  }
  const asked = service.healthcheck
  if (asked?.disabled || asked?.intervalNs) return null
  const interval = Healthcheck?.Interval ?? 0
  return interval > 0 && interval < LEAST_INTERVAL_NS ? LEAST_INTERVAL_NS : null
}
