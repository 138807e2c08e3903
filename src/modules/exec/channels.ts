import { AppError } from '../../errors/app-error.ts'

/** The protocol of Kubernetes for commands: binary messages whose first byte is the channel (KEP-3396; what v5 added is `close`). */
export const PROTOCOL = 'v5.channel.k8s.io'

export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

const MOST_CELLS = 65_535

/** Of a terminal. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** What a client's message says. */
export type Input =
  | { readonly kind: 'stdin'; readonly data: Buffer }
  | { readonly kind: 'end_of_stdin' }
  | { readonly kind: 'resize'; readonly size: Size }
  | { readonly kind: 'nothing' }

/** Throws `bad_request` for what the protocol does not have. An empty message says nothing, and so does a size of nothing. */
export function readMessage(message: Buffer, isBinary: boolean): Input {
  if (!isBinary) throw bad('is text: each is binary, with the channel in its first byte')
  const [channel] = message
  const rest = message.subarray(1)
  switch (channel) {
    case undefined:
      return { kind: 'nothing' }
    case CHANNEL.stdin:
      return rest.length > 0 ? { kind: 'stdin', data: rest } : { kind: 'nothing' }
    case CHANNEL.resize:
      return readSize(rest)
    case CHANNEL.close:
      if (rest.length === 1 && rest[0] === CHANNEL.stdin) return { kind: 'end_of_stdin' }
      throw bad('closes another channel than 0, the only one that a client can close')
    default:
      throw bad(`is of channel ${channel}: a client sends on 0 (input), 4 (size) and 255 (close)`)
  }
}

function readSize(data: Buffer): Input {
  const size = parse(data)
  const [columns, rows] = ['Width', 'Height'].map((key) => {
    const cells: unknown = size === null ? null : (Reflect.get(size, key) ?? 0)
    if (typeof cells !== 'number' || !Number.isInteger(cells) || cells < 0 || cells > MOST_CELLS)
      throw bad(`has no size: channel 4 takes {"Width":80,"Height":24}, up to ${MOST_CELLS}`)
    return cells
  })
  return columns && rows ? { kind: 'resize', size: { columns, rows } } : { kind: 'nothing' }
}

function parse(data: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(data.toString())
    return typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

function bad(message: string): AppError {
  return new AppError('bad_request', { detail: `a message of the client ${message}` })
}

/** A message to the client. */
export function toMessage(channel: number, data: Uint8Array | string = ''): Buffer {
  return Buffer.concat([Buffer.of(channel), typeof data === 'string' ? Buffer.from(data) : data])
}

/** The part of Kubernetes' `metav1.Status` that the protocol's clients read: the one message of channel 3. */
export interface Status {
  readonly metadata: Record<string, never>
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] }
}

/** Of a command that has ended by itself. `why` says what it was, where the code alone would not. */
export function exitStatus(exitCode: number, why?: string): Status {
  if (exitCode === 0 && why === undefined) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: why ?? `command terminated with non-zero exit code: exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  429: 'TooManyRequests',
  502: 'ServiceUnavailable',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** Of a session that ended otherwise; `cause` is one word for programs: a code of docs/errors.md, or a reason of docs/exec.md. */
export function failureStatus(code: number, cause: string, message: string): Status {
  const reason = REASONS[code] ?? 'InternalError'
  return { metadata: {}, status: 'Failure', message, reason, code, details: { causes: [{ reason: cause, message }] } }
}
