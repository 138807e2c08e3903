import type { CallOptions } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { storable } from '../../lib/storable-text.ts'
import { monotonicMs } from '../../lib/clock.ts'
import type { ClusterClient } from './client.ts'
import { FOLLOWED } from './follow.ts'
import { OBJECT_KINDS } from './kinds-of-objects.ts'

/** What a role allows: a verb on a resource (`pods/log` is one of its own) of a group; the core group is empty. */
export interface Permission {
  readonly verb: string
  readonly group: string
  readonly resource: string
}

const VERBS = ['get', 'list', 'create', 'patch', 'delete']
const WATCHED = new Set<string>(FOLLOWED)
const OBJECTS: readonly Permission[] = Object.entries(OBJECT_KINDS).flatMap(([kind, { apiVersion, plural }]) =>
  [...VERBS, ...(WATCHED.has(kind) ? ['watch'] : [])].map((verb) => ({
    verb,
    group: apiVersion.includes('/') ? apiVersion.replace(/\/.*$/, '') : '',
    resource: plural,
  })),
)
const LOOKS: readonly (readonly [group: string, resource: string, verbs: readonly string[]])[] = [
  ['', 'pods', ['get', 'list', 'watch']],
  ['', 'pods/log', ['get']],
  // A WebSocket asks by GET, and newer versions want `create` for it all the same.
  ['', 'pods/exec', ['get', 'create']],
  ['', 'nodes', ['get', 'list']],
  ['', 'events', ['list']],
  ['metrics.k8s.io', 'pods', ['list']],
]

/** All that this driver asks of a cluster; deploy/kubernetes/rbac.yaml grants it. */
export const PERMISSIONS: readonly Permission[] = [
  ...OBJECTS,
  ...LOOKS.flatMap(([group, resource, verbs]) => verbs.map((verb) => ({ verb, group, resource }))),
]

/** What `settings.nodeStats` asks for beside it. */
export const NODE_STATS: readonly Permission[] = [{ verb: 'get', group: '', resource: 'nodes/proxy' }]

/** How long a role is believed that had all. */
const BELIEVED_MS = 300_000
/** How many are named of those that are missing. */
const NAMED = 40

/**
 * Asks the API server whether our role allows all that we need; throws `host_forbidden` with what it doesn't. A role that had all is not
 * asked for again for 5 minutes, and one that had not is asked for what was missing first.
 */
export function permissionsChecker(
  client: ClusterClient,
  { nodeStats }: { readonly nodeStats: boolean },
): (call: CallOptions) => Promise<void> {
  const needed = nodeStats ? [...PERMISSIONS, ...NODE_STATS] : PERMISSIONS
  let missing: readonly Permission[] = []
  let believedUntil = 0

  const ask = async (call: CallOptions, wanted: readonly Permission[]): Promise<void> => {
    const allowed = await Promise.all(wanted.map(async (one) => await isAllowed(client, call, one)))
    missing = wanted.filter((_, at) => !allowed[at])
    if (missing.length > 0) throw lacking(missing)
  }
  return async (call) => {
    if (monotonicMs() < believedUntil) return
    if (missing.length > 0) await ask(call, missing)
    // An administrator's role is known by one question.
    if (!(await isAllowed(client, call, { verb: '*', group: '*', resource: '*' }))) await ask(call, needed)
    believedUntil = monotonicMs() + BELIEVED_MS
  }
}

async function isAllowed(
  client: ClusterClient,
  call: CallOptions,
  { verb, group, resource }: Permission,
): Promise<boolean> {
  const [name, subresource] = resource.split('/')
  const review = await client.request<{ status?: { allowed?: boolean } }>(call, {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource: name, ...(subresource !== undefined && { subresource }) } },
    },
  })
  return review.status?.allowed === true
}

function lacking(missing: readonly Permission[]): AppError {
  const words = missing.slice(0, NAMED).map(textOf)
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : ''
  return new AppError('host_forbidden', {
    detail: storable(`our role in the cluster does not allow: ${words.join(', ')}${more}`, 4000),
  })
}

/** `create apps/deployments`, `get pods/log`. */
export function textOf({ verb, group, resource }: Permission): string {
  return `${verb} ${group === '' ? '' : `${group}/`}${resource}`
}
