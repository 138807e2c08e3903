/**
 * THE table of error codes: what each means to a client, how it is mended, and whether the runner
 * tries again. `docs/errors.md` is generated from it. A code never changes its meaning.
 *
 * - `status`: the HTTP status of the answer that carries it.
 * - `retry`: `retry` when the runner may succeed by trying again, `final` when only a change can help.
 * - `owner`: who can mend it.
 */
export interface ErrorEntry {
  readonly status: number
  readonly title: string
  readonly retry: 'retry' | 'final'
  readonly owner: 'client' | 'tenant' | 'platform'
  /** What to do about it, for a person. */
  readonly mend: string
}

const define = <Table extends Record<string, ErrorEntry>>(table: Table): Table => table

export const ERROR_CODES = define({
  // Requests
  bad_request: {
    status: 400,
    title: 'The request is not valid',
    retry: 'final',
    owner: 'client',
    mend: 'Correct the places that `errors` names and send it again.',
  },
  invalid_spec: {
    status: 422,
    title: 'The app spec is not valid',
    retry: 'final',
    owner: 'client',
    mend: 'Correct the Compose keys that `errors` names; docs/compose.md lists what is supported.',
  },
  unsupported: {
    status: 422,
    title: 'A key or value of the spec is not supported',
    retry: 'final',
    owner: 'client',
    mend: 'Take the named key out of the spec, or use what its message offers instead; docs/compose.md lists every key.',
  },
  unauthorized: {
    status: 401,
    title: 'No valid token',
    retry: 'final',
    owner: 'client',
    mend: 'Send `Authorization: Bearer <token>` with a token that exists, is not revoked and has not expired.',
  },
  forbidden: {
    status: 403,
    title: 'The token may not do this',
    retry: 'final',
    owner: 'client',
    mend: 'Use a token whose role allows the request.',
  },
  not_found: {
    status: 404,
    title: 'There is no such resource',
    retry: 'final',
    owner: 'client',
    mend: 'Check the path and the names in it; what belongs to another tenant is not shown.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    retry: 'final',
    owner: 'client',
    mend: 'Use one of the methods that the `Allow` header names.',
  },
  payload_too_large: {
    status: 413,
    title: 'The request is too large',
    retry: 'final',
    owner: 'client',
    mend: 'Send at most the number of bytes that the message names.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    retry: 'final',
    owner: 'client',
    mend: 'Send JSON with `Content-Type: application/json`.',
  },
  already_exists: {
    status: 409,
    title: 'A resource of this name exists',
    retry: 'final',
    owner: 'client',
    mend: 'Choose another name, or change the one that exists.',
  },
  tenant_not_empty: {
    status: 409,
    title: 'The tenant still has apps',
    retry: 'final',
    owner: 'client',
    mend: 'Remove its apps first.',
  },
  host_not_empty: {
    status: 409,
    title: 'The host still has apps',
    retry: 'final',
    owner: 'client',
    mend: 'Remove or move its apps first.',
  },
  host_exists: {
    status: 409,
    title: 'This engine is registered already',
    retry: 'final',
    owner: 'client',
    mend: 'Use the host that the message names, or delete it first.',
  },
  conflict: {
    status: 409,
    title: 'The state of the resource does not allow this',
    retry: 'final',
    owner: 'client',
    mend: 'Read the resource again; the message says what stands in the way.',
  },
  plan_changed: {
    status: 409,
    title: 'The plan is not the expected one',
    retry: 'final',
    owner: 'client',
    mend: 'Read the new plan in the answer and send its digest, if it is what you want.',
  },
  version_mismatch: {
    status: 412,
    title: 'The resource has changed since',
    retry: 'final',
    owner: 'client',
    mend: 'Read it again and send its version in `If-Match`.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key belongs to another request',
    retry: 'final',
    owner: 'client',
    mend: 'Use a new key for a new request.',
  },
  too_many_streams: {
    status: 429,
    title: 'Too many streams are open',
    retry: 'final',
    owner: 'client',
    mend: 'Close streams and sockets that nobody reads; one with all events serves many views.',
  },
  slow_reader: {
    status: 503,
    title: 'A stream was not read fast enough',
    retry: 'retry',
    owner: 'client',
    mend: 'Open it again after the last event that you have (`Last-Event-ID`), and read faster; nothing is lost.',
  },
  unavailable: {
    status: 503,
    title: 'The server can not serve this now',
    retry: 'retry',
    owner: 'platform',
    mend: 'Try again in some seconds; the readiness answer names what is missing.',
  },
  internal: {
    status: 500,
    title: 'Something broke inside the server',
    retry: 'retry',
    owner: 'platform',
    mend: 'Tell the operator the request id; the log has the cause under it.',
  },

  // Operations
  image_not_found: {
    status: 422,
    title: 'The image does not exist',
    retry: 'final',
    owner: 'tenant',
    mend: 'Check the name and the tag, and that the host can reach the registry.',
  },
  image_pull_denied: {
    status: 422,
    title: 'The registry refused the pull',
    retry: 'final',
    owner: 'tenant',
    mend: 'Check that the image exists and that the host may read it.',
  },
  health_timeout: {
    status: 422,
    title: 'A service did not become healthy in time',
    retry: 'final',
    owner: 'tenant',
    mend: 'Read the log lines in the message; mend the app or give its health check more time.',
  },
  crash_loop: {
    status: 422,
    title: 'A container keeps exiting',
    retry: 'final',
    owner: 'tenant',
    mend: 'Read the exit code and the log lines in the message, and mend the app.',
  },
  port_conflict: {
    status: 409,
    title: 'A published port is taken',
    retry: 'final',
    owner: 'tenant',
    mend: 'Publish another host port, or leave the host port out to get a free one.',
  },
  host_unreachable: {
    status: 502,
    title: 'The host does not answer',
    retry: 'retry',
    owner: 'platform',
    mend: 'Check the machine, its engine and the network between; Moorage tries again by itself.',
  },
  host_forbidden: {
    status: 409,
    title: 'The cluster does not allow what Moorage must do there',
    retry: 'retry',
    owner: 'platform',
    mend: 'Give the user or service account of the host the role in deploy/kubernetes/rbac.yaml; the message names what is missing, and Moorage tries again by itself.',
  },
  host_identity_mismatch: {
    status: 409,
    title: 'The engine is not the one that was registered',
    retry: 'final',
    owner: 'platform',
    mend: 'Check the endpoint: if the server behind it really has another SSH host key, change it with PATCH; if the engine was really replaced, delete the host and register it anew.',
  },
  host_marker_missing: {
    status: 409,
    title: 'The engine has lost its marker volume',
    retry: 'final',
    owner: 'platform',
    mend: 'Make sure that it is the right engine, then probe the host with `{"adopt": true}`.',
  },
  secret_unreadable: {
    status: 503,
    title: 'What is sealed can not be opened',
    retry: 'retry',
    owner: 'platform',
    mend: 'Give every server the sealing key that the message names, in `MOORAGE_SECRET_KEYS` or the data folder, and start it again.',
  },
  no_eligible_host: {
    status: 422,
    title: 'No host can take the app',
    retry: 'retry',
    owner: 'platform',
    mend: 'Register a host, uncordon one, or loosen the placement; the message says what each host lacks.',
  },
  insufficient_capacity: {
    status: 422,
    title: 'The hosts have no room for the app',
    retry: 'retry',
    owner: 'platform',
    mend: 'Add a host, remove apps, or ask for less.',
  },
  quota_exceeded: {
    status: 422,
    title: 'A quota does not allow it',
    retry: 'final',
    owner: 'tenant',
    mend: 'Ask for less, remove what is not needed any more, or have the quota that the message names raised.',
  },
  admission_denied: {
    status: 422,
    title: 'The rules of the cluster do not admit it',
    retry: 'final',
    owner: 'tenant',
    mend: 'Change what the message objects to in the spec, or have the rule changed by those who run the cluster.',
  },
  field_conflict: {
    status: 409,
    title: 'An object or a field of it belongs to someone else',
    retry: 'final',
    owner: 'platform',
    mend: 'Remove or rename the object that the message names; where it names fields and who holds them, leave those to them, or take them back with `POST …/apps/{app}/reconcile` and send the change again.',
  },
  rollback_failed: {
    status: 500,
    title: 'The release failed, and so did going back',
    retry: 'final',
    owner: 'tenant',
    mend: 'Read both causes in the message, and apply a spec that works.',
  },
  deadline_exceeded: {
    status: 504,
    title: 'The operation made no progress for too long',
    retry: 'final',
    owner: 'platform',
    mend: 'Look at its steps for what it waited for, mend that, and send the request again.',
  },
  superseded: {
    status: 409,
    title: 'A newer request took its place',
    retry: 'final',
    owner: 'client',
    mend: 'Follow the newer operation.',
  },
  cancelled: {
    status: 409,
    title: 'It was cancelled',
    retry: 'final',
    owner: 'client',
    mend: 'Send the request again if it is still wanted.',
  },
})

export type ErrorCode = keyof typeof ERROR_CODES
