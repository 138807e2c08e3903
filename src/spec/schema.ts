import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { Json } from '../lib/canonical.ts'
import type { Problems } from './problems.ts'
import composeSchema from './compose-spec.schema.json' with { type: 'json' }

/** Holds a document against the published schema of the Compose Specification; each place is told once, in words. */
export const checkSchema: (document: Json, problems: Problems) => void = (() => {
  let compiled: ValidateFunction | undefined
  return (document, problems) => {
    // Not before it is needed, and once.
    compiled ??= compile()
    if (!compiled(document))
      for (const [path, message] of condense(compiled.errors ?? [])) problems.invalid(path, message)
  }
})()

function compile(): ValidateFunction {
  const { $schema: _, ...schema } = composeSchema
  // The published schema need not be held against its own schema. Without that, inlining and optimising, compiling takes
  // half the time (120 instead of 255 ms of CPU).
  return new Ajv({
    allErrors: true,
    strict: false,
    meta: false,
    validateSchema: false,
    validateFormats: false,
    inlineRefs: false,
    code: { optimize: false },
    logger: false,
  }).compile(schema)
}

/** Of the many errors that a `oneOf` makes, those that say most about what was written. */
function condense(errors: readonly ErrorObject[]): [string, string][] {
  const choices = new Set(errors.filter(({ keyword }) => keyword === 'oneOf').map(({ instancePath }) => instancePath))
  const byPath = Map.groupBy(errors, ({ instancePath }) => instancePath)
  const paths = [...byPath.keys()]
  const result: [string, string][] = []
  for (const [path, group] of byPath) {
    const telling = group.filter(({ keyword }) => keyword !== 'oneOf' && keyword !== 'type')
    const types = [...new Set(group.flatMap(({ keyword, params }) => (keyword === 'type' ? typesOf(params) : [])))]
    const ownType = group.find(({ keyword }) => keyword === 'type')
    // Under a choice, a wrong type matters only where no branch came further than the type.
    const further =
      choices.has(path) &&
      (telling.length > 0 || (paths.length < 1000 && paths.some((other) => other.startsWith(`${path}/`))))
    if (ownType && !further) result.push([path, mustBe(types)])
    for (const error of telling) result.push(tell(error))
  }
  return result
}

function typesOf(params: ErrorObject['params']): string[] {
  const type: unknown = params['type']
  return Array.isArray(type) ? type.map(String) : [String(type)]
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'empty',
}

function mustBe(types: readonly string[]): string {
  const words = types.map((type) => WORDS[type] ?? type)
  const hint =
    types.includes('string') && !types.includes('number') && !types.includes('boolean')
      ? ' (put numbers and booleans in quotes)'
      : ''
  return `must be ${words.join(' or ')}${hint}`
}

function tell({ keyword, instancePath, params }: ErrorObject): [string, string] {
  switch (keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty'])
      return [
        `${instancePath}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        'the Compose Specification has no such key here',
      ]
    }
    case 'required':
      return [instancePath, `needs the key \`${String(params['missingProperty'])}\``]
    case 'enum':
      return [instancePath, `must be one of ${(params['allowedValues'] as unknown[]).map(String).join(', ')}`]
    case 'uniqueItems':
      return [instancePath, `items ${String(params['j'])} and ${String(params['i'])} are the same`]
    case 'minimum':
    case 'maximum':
      return [instancePath, `must be ${keyword === 'minimum' ? 'at least' : 'at most'} ${String(params['limit'])}`]
    default:
      return [instancePath, `does not have the form that the Compose Specification asks for (${keyword})`]
  }
}
