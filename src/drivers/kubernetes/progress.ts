import type { CallOptions, Progress } from '../driver.ts'
import { LABELS } from '../labels.ts'
import { AppError } from '../../errors/app-error.ts'
import type { DeclaredObject, DesiredApp, Step } from '../../planning/index.ts'
import { digestsOf, readApplied } from './applied.ts'
import { targetOf } from './apply.ts'
import type { Context } from './context.ts'
import { type Case, diagnose, suspectOf } from './diagnose.ts'
import { lastLines } from './last-lines.ts'
import { listAll, selectorOf } from './lists.ts'
import type { Live, LiveEvent, LivePod } from './live.ts'
import { namespaceOf } from './manifests/names.ts'
import { edge } from './map-error.ts'
import { lookAt, settledOf } from './settled.ts'

/** How far a declared object has come. See `Driver.progress`. */
export async function progress(
  context: Context,
  step: Step,
  desired: DesiredApp,
  call: CallOptions,
): Promise<Progress> {
  const looking = { context, step, desired, call }
  switch (step.action) {
    case 'await_gone':
      return await edge(`look for ${step.target}`, async () => await gone(looking))
    case 'await_rollout':
      return await edge(`look at ${step.target}`, async () => await rollout(looking))
    default:
      throw new AppError('internal', { detail: `${step.action} awaits nothing of a cluster` })
  }
}

interface Looking {
  readonly context: Context
  readonly step: Step
  readonly desired: DesiredApp
  readonly call: CallOptions
}

const WAITING: Progress = { state: 'waiting', problem: null }

async function lookUp({ context: { client }, step, desired, call }: Looking): Promise<Live | null> {
  const { kind, path } = targetOf(step, desired)
  const live = await client.find<Live>(call, { method: 'GET', path })
  return live && { ...live, kind }
}

async function gone(looking: Looking): Promise<Progress> {
  const { nativeId } = looking.step
  const live = await lookUp(looking)
  if (!live || (nativeId !== null && live.metadata.uid !== nativeId)) return { state: 'done', message: 'gone' }
  const detail = keptBy(live)
  return detail === null
    ? WAITING
    : { state: 'waiting', problem: { code: 'deadline_exceeded', detail, instance: null } }
}

/** What an object on its way out waits for; null: nothing says it. */
function keptBy({ kind, metadata, spec, status }: Live): string | null {
  const conditions = Array.isArray(status?.conditions) ? (status.conditions as Live['status'][]) : []
  const said = conditions
    .filter((condition) => kind === 'Namespace' && condition?.status === 'True')
    .map((condition) => condition?.message)
    .filter((message) => typeof message === 'string')
  if (said.length > 0) return `what is in it is not gone yet (${said.join(' ')})`
  const finalizers = [...(metadata.finalizers ?? []), ...(Array.isArray(spec?.finalizers) ? spec.finalizers : [])]
  return metadata.deletionTimestamp === undefined || finalizers.length === 0
    ? null
    : `it is kept until others have cleaned up (${finalizers.join(', ')})`
}

async function rollout(looking: Looking): Promise<Progress> {
  const { step, desired } = looking
  const declared = desired.objects?.find(({ key }) => key === step.target)
  if (!declared) throw new AppError('internal', { detail: `the app does not declare ${step.target}` })
  const live = await lookUp(looking)
  if (!live || live.metadata.deletionTimestamp !== undefined) {
    const detail = 'it went away while it was waited for'
    return { state: 'failed', problem: { code: 'internal', detail, instance: null } }
  }
  if (digestsOf(readApplied({ ...live })).digest !== declared.digest) return WAITING
  const settled = settledOf(live, null)
  if (settled !== null) return { state: 'done', message: settled }
  const pods = await podsOf(looking)
  const completed = settledOf(live, pods.map(lookAt))
  if (completed !== null) return { state: 'done', message: completed }
  return await explain(looking, { live, pods: pods.filter((pod) => isOfDeclared(pod, declared)) })
}

async function podsOf({ context: { client, identity }, step, desired, call }: Looking): Promise<LivePod[]> {
  const namespace = namespaceOf(desired.tenant.name, desired.app.name)
  const service = step.service === null ? '' : `,${LABELS.service}=${step.service}`
  return await listAll(
    client,
    call,
    {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
      query: { labelSelector: `${selectorOf(identity.installation, desired.app.id)}${service}` },
    },
    (pod: LivePod) => pod,
  )
}

/** Of what the object was last told, not of the release before. */
function isOfDeclared({ metadata }: LivePod, { manifest }: DeclaredObject): boolean {
  const { template } = (manifest.spec ?? {}) as { readonly template?: Pick<LivePod, 'metadata'> }
  const of = (annotations: LivePod['metadata']['annotations']) =>
    [LABELS.serviceDigest, LABELS.restartGeneration].map((name) => annotations?.[name] ?? '').join()
  return of(metadata.annotations) === of(template?.metadata.annotations)
}

/** Why it is not so far yet. Events are asked for only once something takes its time. */
async function explain(
  looking: Looking,
  { live, pods }: { readonly live: Live; readonly pods: readonly LivePod[] },
): Promise<Progress> {
  const { context, desired, call } = looking
  const nowMs = await context.clock.nowMs(call)
  const about: Omit<Case, 'events'> = { object: live, pods, nowMs }
  const namespace = namespaceOf(desired.tenant.name, desired.app.name)
  const suspect = suspectOf(about)
  const events = suspect === null ? [] : await eventsOf(looking, namespace, suspect)
  const { state, problem, log } = diagnose({ ...about, events })
  if (!problem) return WAITING
  // Of what has ended already the lines are wanted also where the time runs out before the cluster has tried often enough.
  if (!log || (state === 'waiting' && problem.code !== 'crash_loop')) return { state, problem }
  const lines = await lastLines(context, { namespace, ...log }, call)
  return { state, problem: { ...problem, detail: `${problem.detail}${lines}` } }
}

async function eventsOf({ context, call }: Looking, namespace: string, uid: string): Promise<LiveEvent[]> {
  return await listAll(
    context.client,
    call,
    {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
      query: { fieldSelector: `involvedObject.uid=${uid}` },
    },
    (event: LiveEvent) => event,
  )
}
