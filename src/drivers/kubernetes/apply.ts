import type { CallOptions, StepOutcome } from '../driver.ts'
import { isOf } from '../labels.ts'
import { AppError } from '../../errors/app-error.ts'
import type { DesiredApp, Step } from '../../planning/index.ts'
import { type Manifest, readApplied, withApplied } from './applied.ts'
import type { Context } from './context.ts'
import { additions } from './drift.ts'
import { type KindName, objectPath, OBJECT_KINDS, parseKey } from './kinds-of-objects.ts'
import type { Live } from './live.ts'
import { namespaceOf } from './manifests/names.ts'
import { edge } from './map-error.ts'
import { type Refusal, refused } from './refusal.ts'

const MANAGER = 'moorage'
/** How often what others added is taken out, each time as it is then. */
const REMOVALS = 3

/** A declared object that a step is about. */
interface Target {
  readonly kind: KindName
  readonly name: string
  readonly path: string
}

/** Carries out a step of a declared app: an object is applied, or deleted. See `Driver.execute`. */
export async function executeStep(
  context: Context,
  step: Step,
  desired: DesiredApp,
  call: CallOptions,
): Promise<StepOutcome> {
  const target = targetOf(step, desired)
  switch (step.action) {
    case 'apply_object':
      return await edge(`apply ${step.target}`, async () => await apply(context, { step, desired, target, call }))
    case 'delete_object':
      return await edge(`delete ${step.target}`, async () => await remove(context, { step, desired, target, call }))
    default:
      throw new AppError('internal', { detail: `a cluster has no step ${step.action}` })
  }
}

/** The object of the app that the step names, and where it is. */
export function targetOf(step: Step, { tenant, app }: DesiredApp): Target {
  const key = parseKey(step.target)
  if (!key) throw new AppError('internal', { detail: `${step.target} is no key of a declared object` })
  return { ...key, path: objectPath(key.kind, { namespace: namespaceOf(tenant.name, app.name), name: key.name }) }
}

interface Applying {
  readonly step: Step
  readonly desired: DesiredApp
  readonly target: Target
  readonly call: CallOptions
}

async function apply(context: Context, { step, desired, target, call }: Applying): Promise<StepOutcome> {
  const { client } = context
  const declared = desired.objects?.find(({ key }) => key === step.target)
  if (!declared) throw new AppError('internal', { detail: `the app does not declare ${step.target}` })
  const uid = step.nativeId ?? (await ownUid(context, { desired, target, call }))
  const manifest = withApplied(declared.manifest)
  const send = async (): Promise<Live> =>
    await client.request<Live>(call, {
      method: 'PATCH',
      path: target.path,
      query: { fieldManager: MANAGER, ...(desired.force && { force: true }) },
      contentType: 'application/apply-patch+yaml',
      body: uid === null ? manifest : withUid(manifest, uid),
    })
  const live = await send().catch(async (error: unknown) => {
    if (isOtherUid(error)) throw anotherOne(step.target, error)
    const emptied = emptiedProbes(error)
    if (uid === null || emptied.length === 0) throw error
    await client.request(call, {
      method: 'PATCH',
      path: target.path,
      query: { fieldManager: MANAGER },
      contentType: 'application/json-patch+json',
      body: [{ op: 'test', path: '/metadata/uid', value: uid }, ...emptied.map((path) => ({ op: 'remove', path }))],
    })
    return await send()
  })
  if (desired.force) await takeOut(context, { target, live, call })
  return { result: 'done' }
}

/** The object that is there already, of this app: null where there is none. Throws `field_conflict` where it is somebody else's. */
async function ownUid(
  { client, identity }: Context,
  { desired, target, call }: Omit<Applying, 'step'>,
): Promise<string | null> {
  const there = await client.find<Live>(call, { method: 'GET', path: target.path })
  if (!there) return null
  if (isOf(desired, identity.installation, there.metadata.labels)) return there.metadata.uid
  throw new AppError('field_conflict', {
    detail: `the ${target.kind} ${target.name} on the cluster belongs to someone else; it was left as it is`,
  })
}

/** The API server refuses it for any other object of that name. */
function withUid(manifest: Manifest, uid: string): Manifest {
  return { ...manifest, metadata: { ...(manifest.metadata as object), uid } }
}

/** To an API server, that is a field that may not be changed. */
function isOtherUid(error: unknown): error is Refusal {
  return refused(error, 422) && (error.details.causes?.some(({ field }) => field === 'metadata.uid') ?? false)
}

/**
 * The places of the checks that the object has and the apply does not: an API server (1.20 at least) makes half a check of one that is
 * taken away like this, and refuses it. They have to go by themselves first.
 */
function emptiedProbes(error: unknown): string[] {
  if (!refused(error, 422)) return []
  return (error.details.causes ?? []).flatMap(({ field = '', message = '' }) => {
    const place = /^spec\.template\.spec\.containers\[(\d+)\]\.((?:liveness|readiness|startup)Probe)$/.exec(field)
    if (!place || !message.includes('must specify a handler type')) return []
    return [`/spec/template/spec/containers/${place[1]}/${place[2]}`]
  })
}

/** The next look makes another plan. */
function anotherOne(target: string, cause: Refusal): AppError {
  return new AppError('unavailable', { detail: `${target} is another one by now`, internal: cause.message, cause })
}

interface Taking {
  readonly target: Target
  readonly live: Live
  readonly call: CallOptions
}

/** An apply leaves what others added to our lists and maps: what changes there what runs is taken out by its place. */
async function takeOut({ client }: Context, { target, live, call }: Taking): Promise<void> {
  for (let there: Live | null = live, nth = 1; there; nth++) {
    const fields: Manifest = { ...there, kind: target.kind }
    const applied = readApplied(fields)
    const places = (applied ? additions(applied, fields) : []).map(({ place }) => place).toSorted(fromTheEnd)
    if (places.length === 0) return
    // Each says what it takes out, so that nothing else goes where the list is another one by now.
    const body = places.flatMap((path) => [
      { op: 'test', path, value: valueAt(fields, path) },
      { op: 'remove', path },
    ])
    try {
      await client.request(call, {
        method: 'PATCH',
        path: target.path,
        query: { fieldManager: MANAGER },
        contentType: 'application/json-patch+json',
        body,
      })
      return
    } catch (error) {
      if (!(refused(error, 422) || refused(error, 409)) || nth >= REMOVALS) throw error
      there = await client.find<Live>(call, { method: 'GET', path: target.path })
    }
  }
}

/** What is inside of others first, and of one list the last item: so that no place moves before its turn. */
function fromTheEnd(a: string, b: string): number {
  const [one, other] = [a.split('/'), b.split('/')]
  if (one.length !== other.length) return other.length - one.length
  const at = one.findIndex((part, index) => part !== other[index])
  return at === -1 ? 0 : Number(other[at]) - Number(one[at]) || 0
}

function valueAt(fields: Manifest, place: string): unknown {
  let value: unknown = fields
  for (const part of place.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  }
  return value
}

async function remove(context: Context, { step, desired, target, call }: Applying): Promise<StepOutcome> {
  if (step.nativeId === null)
    throw new AppError('internal', { detail: `${step.target} is to be deleted, but was not seen` })
  if ((await ownUid(context, { desired, target, call })) === null)
    return { result: 'done', message: 'it was gone already' }
  try {
    await context.client.request(call, {
      method: 'DELETE',
      path: target.path,
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: step.nativeId },
        // A workload is gone only once its pods are.
        propagationPolicy:
          OBJECT_KINDS[target.kind].rank === OBJECT_KINDS.Deployment.rank ? 'Foreground' : 'Background',
      },
    })
    return { result: 'done' }
  } catch (error) {
    if (refused(error, 404)) return { result: 'done', message: 'it was gone already' }
    // Another one has its name by now, or (a namespace) it is on its way out.
    if (refused(error, 409)) return { result: 'done', message: 'it was gone already, or on its way out' }
    throw error
  }
}
