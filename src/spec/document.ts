import type { Json } from '../lib/canonical.ts'
import { Budget, isStorable, NOT_STORABLE } from './budget.ts'
import { LIMITS } from './limits.ts'
import { pointer, type Problems } from './problems.ts'
import { readJson } from './read-json.ts'
import { readYaml } from './read-yaml.ts'

/** The document that a request gives, as plain JSON within the limits; throws on what is none. */
export function readDocument(input: { readonly compose?: string; readonly spec?: unknown }, problems: Problems): Json {
  const { compose, spec } = input
  if ((compose === undefined) === (spec === undefined))
    problems.fail('', 'give the document once: as `compose` (YAML) or as `spec` (JSON)')
  const document = compose === undefined ? readJson(spec, new Budget(problems)) : readText(compose, problems)
  problems.throwIfAny()
  return document
}

function readText(text: unknown, problems: Problems): Json {
  if (typeof text !== 'string') return problems.fail('', 'the document must be a text')
  if (text.length > LIMITS.textLength) problems.fail('', `the YAML text is longer than ${LIMITS.textLength} characters`)
  if (text.includes('\0')) problems.fail('', 'the YAML text holds a NUL character')
  return readYaml(text, new Budget(problems))
}

/** The variables of a request. */
export function readVariables(variables: unknown, problems: Problems): Map<string, string> {
  const result = new Map<string, string>()
  if (variables === undefined) return result
  if (variables === null || typeof variables !== 'object' || Array.isArray(variables))
    return problems.fail('/variables', 'must be a map of strings')
  for (const [name, value] of Object.entries(variables)) {
    if (typeof value !== 'string') problems.invalid(pointer('/variables', name), 'must be a string')
    else if (!isStorable(value)) problems.invalid(pointer('/variables', name), NOT_STORABLE)
    else result.set(name, value)
  }
  problems.throwIfAny()
  return result
}
