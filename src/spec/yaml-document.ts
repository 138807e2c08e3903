import type { Json } from '../lib/canonical.ts'
import { Budget } from './budget.ts'
import { Problems } from './problems.ts'
import { readYaml } from './read-yaml.ts'

/**
 * Reads a YAML document that is no Compose, within the bounds of one: what aliases stand for is counted, so that none makes much of little.
 * Throws `invalid_spec`, whose messages hold nothing of the document.
 */
export function readYamlDocument(text: string): Json {
  const problems = new Problems()
  const document = readYaml(text, new Budget(problems))
  problems.throwIfAny()
  return document
}
