import { readFileSync } from 'node:fs'
import type { Manifest } from '../../../../src/drivers/kubernetes/applied.ts'
import type { Live, LiveEvent, LivePod, LiveService } from '../../../../src/drivers/kubernetes/live.ts'
import { LABELS } from '../../../../src/drivers/labels.ts'

/** What a Kubernetes 1.20 said, a minute after it was told of these workloads; without the fields that nobody reads. */
interface Recorded {
  readonly pods: Readonly<Record<string, LivePod>>
  readonly workloads: Readonly<Record<string, Live>>
  /** Of pods of all workloads, and of those that a quota keeps from having pods. */
  readonly events: readonly LiveEvent[]
  readonly services: readonly LiveService[]
  /** By key: what a translation made, as the API server gives it back. */
  readonly objects: Readonly<Record<string, Manifest>>
}

const recorded = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as Recorded

export const { events, objects, services } = recorded
/** When all of it was asked for. */
export const NOW_MS = Date.parse('2026-11-28T07:48:11Z')
export const INSTALLATION = 'c5f9a1de-8a1d-4d5e-9c0b-3f1f0f6a2b11'
export const TENANT_ID = '0b0e8ee0-6a3f-4c3e-8f0d-6f0d5a0f7c22'
export const APP_ID = '7d3a4f2e-1c55-4f0f-a1de-2a9d7f4b8c33'
export const SERVICE_DIGEST = 'd'.repeat(64)

/** A recorded pod, with the labels and annotations that ours have, and what a test wants different in its parts. */
export function pod(
  name: string,
  different: { readonly metadata?: object; readonly spec?: object; readonly status?: object } = {},
): LivePod {
  const found = recorded.pods[name]
  if (!found) throw new Error(`no pod ${name} was recorded`)
  const { metadata, spec, status } = found
  return {
    metadata: {
      ...metadata,
      labels: {
        ...metadata.labels,
        [LABELS.installation]: INSTALLATION,
        [LABELS.tenantId]: TENANT_ID,
        [LABELS.appId]: APP_ID,
      },
      annotations: { [LABELS.serviceDigest]: SERVICE_DIGEST, [LABELS.restartGeneration]: '2' },
      ...different.metadata,
    },
    spec: { ...spec, ...different.spec },
    status: { ...status, ...different.status },
  }
}

/** A recorded workload, the same way. */
export function workload(
  name: string,
  different: { readonly metadata?: object; readonly spec?: object; readonly status?: object } = {},
): Live {
  const found = recorded.workloads[name]
  if (!found) throw new Error(`no workload ${name} was recorded`)
  const { metadata, spec, status } = found
  return {
    ...found,
    metadata: { ...metadata, ...different.metadata },
    spec: { ...spec, ...different.spec },
    status: { ...status, ...different.status },
  }
}
