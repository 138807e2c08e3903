/** What of a Status answer is looked at. */
export interface StatusDetails {
  readonly name?: string
  readonly kind?: string
  readonly group?: string
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[]
  readonly retryAfterSeconds?: number
}

/**
 * The API server's own no: an answer of 400 or more. Inside this driver it is an outcome to look at; it leaves as an AppError.
 * Neither its message nor its details hold anything of a Secret's content.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  /** `AlreadyExists`, `Conflict`, `Forbidden`, `Invalid` …; empty where whoever answered gave none. */
  readonly reason: string
  readonly details: StatusDetails
  /** The API that was asked: `apps/v1`, or `v1` for the core; empty where that is not known. */
  readonly api: string

  constructor(status: number, reason: string, message: string, details: StatusDetails = {}, api = '') {
    super(message)
    this.status = status
    this.reason = reason
    this.details = details
    this.api = api
  }
}

/** Whether the API server refused with this status, and this reason where one is given. */
export function refused(error: unknown, status: number, reason?: string): error is Refusal {
  return error instanceof Refusal && error.status === status && (reason === undefined || error.reason === reason)
}

/** A refusal out of the answer's body: a Status, or what a proxy or a subresource gives for one. `path` is what was asked. */
export function toRefusal(status: number, body: string, path: string): Refusal {
  const secret = /^secrets(\/|$)/.test(resourceOf(path))
  const said = readStatus(body)
  const api = apiOf(path)
  if (!said) return new Refusal(status, '', secret ? '' : body.slice(0, 2000), {}, api)
  const { reason = '', message = '', details = {} } = said
  if (!secret) return new Refusal(status, reason, quotesNoBody(message), details, api)
  const causes = details.causes?.map(({ reason: why, message: words = '', field }) => ({
    ...(why !== undefined && { reason: why }),
    ...(field !== undefined && { field }),
    message: NAMES_ALONE.has(status) ? quotesNothing(words) : '',
  }))
  const fields = (causes ?? []).map(({ field = '?', reason: why = '' }) => `${field} ${why}`.trim()).join(', ')
  const told = NAMES_ALONE.has(status) ? quotesNothing(message) : fields
  return new Refusal(status, reason, told, { ...details, ...(causes && { causes }) }, api)
}

/** What the API server says with these tells who may not, what is not there and who holds what; with others it quotes what was sent. */
const NAMES_ALONE = new Set([401, 403, 404, 409, 429])

/** `apps/v1` of `/apis/apps/v1/…`, `v1` of `/api/v1/…`; empty for anything else. */
function apiOf(path: string): string {
  const [, core, group] = /^\/api\/([^/?]+)|^\/apis\/([^/?]+\/[^/?]+)/.exec(path) ?? []
  return core ?? group ?? ''
}

/** `pods/log` of `/api/v1/namespaces/n/pods/p/log`. */
export function resourceOf(path: string): string {
  const [plain = ''] = path.split('?')
  const [, inCore, inGroup] = /^\/api\/[^/]+\/(.+)$|^\/apis\/[^/]+\/[^/]+\/(.+)$/.exec(plain) ?? []
  const rest = inCore ?? inGroup
  if (rest === undefined) return plain.replace(/^\//, '') || 'the API server'
  const [first = '', name, second, , sub] = rest.split('/')
  if (first === 'namespaces' && second !== undefined) return sub === undefined ? second : `${second}/${sub}`
  return name !== undefined && second !== undefined ? `${first}/${second}` : first
}

interface Status {
  readonly reason?: string
  readonly message?: string
  readonly details?: StatusDetails
}

function readStatus(body: string): Status | null {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'Status') return null
    const { reason, message, details } = value as Partial<Record<keyof Status, unknown>>
    return {
      ...(typeof reason === 'string' && { reason }),
      ...(typeof message === 'string' && { message }),
      ...(typeof details === 'object' && details !== null && { details: readDetails(details) }),
    }
  } catch {
    return null
  }
}

function readDetails(details: StatusDetails): StatusDetails {
  const { causes, ...rest } = details
  return Array.isArray(causes) ? { ...rest, causes } : rest
}

/** The decoder of the API server shows the place of an error with what stands around it. */
function quotesNoBody(message: string): string {
  return message.replace(/, error found in #.*$/s, '').replace(/, bigger context .*$/s, '')
}

/** What an admission says in its own words goes, and any value. */
function quotesNothing(message: string): string {
  return quotesNoBody(message)
    .replace(/(denied the request).*$/s, '$1')
    .replaceAll(/(value: )"(?:[^"\\]|\\.)*"/gi, '$1"…"')
}
