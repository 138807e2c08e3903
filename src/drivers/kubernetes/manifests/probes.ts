import type { V1Container, V1Probe } from '@kubernetes/client-node'
import type { HealthcheckSpec } from '../../../spec/index.ts'
import { secondsOf, type AppService } from './app.ts'
import { verbatim } from './verbatim.ts'

/** Docker's own, where a health check does not say. */
const INTERVAL_NS = 30e9
const TIMEOUT_NS = 30e9
const RETRIES = 3

/** The spec has a health check of its own: nothing knows an image's. */
export function isChecked(healthcheck: HealthcheckSpec | null): boolean {
  return healthcheck !== null && !healthcheck.disabled && healthcheck.test !== null
}

/**
 * A health check as probes: while it has not passed once, `start_period` is added to what it may take. What runs to its end is never
 * killed by a check, so it has the one that tells whether it is ready alone.
 */
export function toProbes({
  kind,
  spec,
}: AppService): Pick<V1Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  const { healthcheck } = spec
  if (!healthcheck || healthcheck.disabled || healthcheck.test === null) return {}
  const [form, ...rest] = healthcheck.test
  const periodSeconds = Math.max(1, secondsOf(healthcheck.intervalNs ?? INTERVAL_NS))
  const retries = healthcheck.retries ?? RETRIES
  const probe = (failureThreshold: number): V1Probe => ({
    exec: { command: verbatim(form === 'CMD-SHELL' ? ['/bin/sh', '-c', ...rest] : rest) },
    periodSeconds,
    timeoutSeconds: Math.max(1, secondsOf(healthcheck.timeoutNs ?? TIMEOUT_NS)),
    failureThreshold,
  })
  if (kind === 'Job') return { readinessProbe: probe(retries) }
  const startPeriods = Math.ceil(secondsOf(healthcheck.startPeriodNs ?? 0) / periodSeconds)
  return {
    startupProbe: probe(startPeriods + retries),
    readinessProbe: probe(retries),
    livenessProbe: probe(retries),
  }
}
