import type { Problem } from './schema.ts'

/** An answer that is no success, as an error. `code` is what to decide by: the page `/problems/<code>` tells what it means. */
export class MoorageError extends Error {
  override readonly name = 'MoorageError'
  /** null where the answer was no problem document: something between us and Moorage gave it, such as a proxy. */
  readonly code: Problem['code'] | null
  readonly status: number
  readonly detail: string
  /** What is wrong with the input, each with a JSON Pointer at its place; empty for other errors. */
  readonly errors: NonNullable<Problem['errors']>
  /** The whole document: some codes carry more, such as `plan`. null where `code` is. */
  readonly problem: Problem | null

  /** `body` is what the answer held: a problem document, or anything else. */
  constructor(status: number, body: unknown) {
    const problem = isProblem(body) ? body : null
    const detail = problem?.detail ?? `status ${status}, and no problem document with it`
    super(problem ? `${problem.code}: ${detail}` : detail)
    this.code = problem?.code ?? null
    this.status = status
    this.detail = detail
    this.errors = problem?.errors ?? []
    this.problem = problem
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body
}

/** The error that a failed answer says; reads its body. */
export async function errorOf(response: Response): Promise<MoorageError> {
  const body: unknown = await response.json().catch(() => null)
  return new MoorageError(response.status, body)
}

/**
 * The data of a call, or its problem thrown as a MoorageError:
 * `const app = await dataOf(moorage.GET('/v1/tenants/{tenant}/apps/{app}', …))`.
 */
export async function dataOf<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Exclude<T, undefined>> {
  const { data, error, response } = await call
  if (!response.ok) throw new MoorageError(response.status, error)
  return data as Exclude<T, undefined>
}
