import type { Json } from '../lib/canonical.ts'
import { LIMITS } from './limits.ts'
import { pointer, type Problems } from './problems.ts'

export type Variables = ReadonlyMap<string, string>

/**
 * Replaces `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?error}`, `${VAR?error}`, `${VAR:+other}` and
 * `${VAR+other}` (nested where they hold text) in every value, never in a key; `$$` is a dollar. A variable that is
 * missing and has no default is a problem: an empty text in its place would be a trap. Top-level `x-*` keys other than
 * `x-moorage` carry nothing, so they are left as they are.
 */
export function interpolate(document: Json, variables: Variables, problems: Problems): Json {
  const interpolator = new Interpolator(variables, problems)
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return document
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => {
      const inert = key.startsWith('x-') && key !== 'x-moorage'
      return [key, inert ? value : interpolator.value(value, pointer('', key))]
    }),
  )
}

class Interpolator {
  readonly #variables: Variables
  readonly #problems: Problems
  #characters = 0

  constructor(variables: Variables, problems: Problems) {
    this.#variables = variables
    this.#problems = problems
  }

  value(value: Json, path: string): Json {
    if (typeof value === 'string') return this.#text(value, path)
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return value.map((item, index) => this.value(item, pointer(path, index)))
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, this.value(member, pointer(path, key))]),
    )
  }

  #text(text: string, path: string): string {
    if (!text.includes('$')) return text
    try {
      return new Template(
        text,
        (name, use) => this.#use(name, use),
        (part) => this.#count(part, path),
      ).whole()
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      this.#problems.invalid(path, error.message)
      return text
    }
  }

  #count(length: number, path: string): void {
    this.#characters += length
    if (this.#characters > LIMITS.characters)
      this.#problems.fail(path, `interpolation makes more than ${LIMITS.characters} characters`)
  }

  #use(name: string, { operator, operand }: Use): string {
    const value = this.#variables.get(name)
    const given = value !== undefined && !(operator.startsWith(':') && value === '')
    switch (operator.at(-1)) {
      case '-':
        return given ? value : operand()
      case '+':
        return given ? operand() : ''
      case '?':
        if (given) return value
        throw new TemplateError(
          `the variable "${name}" is required here: give it in \`variables\`${value === '' ? ', not empty' : ''}`,
        )
      default:
        if (value !== undefined) return value
        throw new TemplateError(
          `the variable "${name}" is not in \`variables\` and has no default; write \${${name}:-default} to give it one, or $$ for a plain dollar`,
        )
    }
  }
}

/** A text that is not a valid template, or that asks for what is not there. */
class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

interface Use {
  /** `''`, `-`, `:-`, `?`, `:?`, `+` or `:+`. */
  readonly operator: string
  /** The text after the operator, interpolated when asked for. */
  readonly operand: () => string
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const OPERATOR = /:?[-?+]/y
const FORM =
  'not a valid variable: write $NAME, ${NAME}, ${NAME:-default}, ${NAME:?error} or ${NAME:+other}, and $$ for a plain dollar'

class Template {
  readonly #text: string
  readonly #use: (name: string, use: Use) => string
  readonly #count: (length: number) => void

  constructor(text: string, use: (name: string, use: Use) => string, count: (length: number) => void) {
    this.#text = text
    this.#use = use
    this.#count = count
  }

  whole(): string {
    return this.#range(0, this.#text.length, 0)
  }

  #range(from: number, to: number, depth: number): string {
    if (depth > LIMITS.interpolationDepth)
      throw new TemplateError(`variables are nested deeper than ${LIMITS.interpolationDepth}`)
    const parts: string[] = []
    const push = (part: string): void => {
      this.#count(part.length)
      parts.push(part)
    }
    let at = from
    while (at < to) {
      const dollar = this.#text.indexOf('$', at)
      if (dollar === -1 || dollar >= to) break
      push(this.#text.slice(at, dollar))
      const next = this.#text[dollar + 1]
      if (next === '$' && dollar + 1 < to) {
        push('$')
        at = dollar + 2
      } else if (next === '{' && dollar + 1 < to) {
        const end = this.#closing(dollar + 2, to)
        push(this.#braced(dollar + 2, end, depth))
        at = end + 1
      } else {
        const name = this.#match(NAME, dollar + 1)
        push(this.#use(name, { operator: '', operand: () => '' }))
        at = dollar + 1 + name.length
      }
    }
    push(this.#text.slice(Math.min(at, to), to))
    return parts.join('')
  }

  #braced(from: number, to: number, depth: number): string {
    const name = this.#match(NAME, from)
    const after = from + name.length
    if (after >= to) return this.#use(name, { operator: '', operand: () => '' })
    const operator = this.#match(OPERATOR, after)
    return this.#use(name, { operator, operand: () => this.#range(after + operator.length, to, depth + 1) })
  }

  #match(pattern: RegExp, at: number): string {
    pattern.lastIndex = at
    const found = pattern.exec(this.#text)
    if (!found) throw new TemplateError(FORM)
    return found[0]
  }

  /** The brace that closes the one before `from`. */
  #closing(from: number, to: number): number {
    let open = 1
    for (let at = from; at < to; at++) {
      const char = this.#text[at]
      if (char === '$' && this.#text[at + 1] === '$') at++
      else if (char === '$' && this.#text[at + 1] === '{') {
        at++
        if (++open > LIMITS.interpolationDepth + 2)
          throw new TemplateError(`variables are nested deeper than ${LIMITS.interpolationDepth}`)
      } else if (char === '}' && --open === 0) return at
    }
    throw new TemplateError(FORM)
  }
}
