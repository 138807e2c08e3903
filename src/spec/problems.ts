import { AppError, type InputError } from '../errors/app-error.ts'
import { LIMITS } from './limits.ts'

/** The JSON Pointer (RFC 6901) of a member of what `path` points at. */
export function pointer(path: string, key: string | number): string {
  // Made for every place of a document: most keys have neither, and two searches cost a tenth of two replacements.
  const plain = typeof key === 'number' || !(key.includes('~') || key.includes('/'))
  return `${path}/${plain ? key : key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** Collects what is wrong with a document, so that one answer names every place. Messages never carry the document's values. */
export class Problems {
  readonly #list: (InputError & { readonly refused: boolean })[] = []
  readonly #seen = new Set<string>()
  #total = 0

  /** It is not Compose, or makes no sense. */
  invalid(path: string, message: string): void {
    this.#add({ path, message, refused: false })
  }

  /** It is Compose, but Moorage does not do it. */
  refuse(path: string, message: string): void {
    this.#add({ path, message, refused: true })
  }

  #add(problem: InputError & { readonly refused: boolean }): void {
    const id = `${problem.path}\n${problem.message}`
    if (this.#seen.has(id)) return
    this.#seen.add(id)
    this.#total++
    // An `invalid` decides the code, so it is kept even past the limit.
    if (this.#list.length < LIMITS.problems) this.#list.push(problem)
    else if (!problem.refused && this.#list.every((known) => known.refused)) this.#list[LIMITS.problems - 1] = problem
  }

  get any(): boolean {
    return this.#total > 0
  }

  /** Throws `invalid_spec`, or `unsupported` where all problems are refusals; returns where there are none. */
  throwIfAny(): void {
    const first = this.#list[0]
    if (!first) return
    const code = this.#list.every((problem) => problem.refused) ? 'unsupported' : 'invalid_spec'
    const more = this.#total > 1 ? ` (and ${this.#total - 1} more)` : ''
    const detail = `${first.path === '' ? 'the document' : first.path}: ${first.message}${more}`
    throw new AppError(code, { detail, errors: this.#list.map(({ path, message }) => ({ path, message })) })
  }

  /** Records one problem that ends the reading, and throws. */
  fail(path: string, message: string): never {
    this.invalid(path, message)
    this.throwIfAny()
    throw new AppError('invalid_spec', { detail: message })
  }
}
