import { digestOf } from '../lib/canonical.ts'
import { readApp } from './app.ts'
import { Cursor, isDict } from './cursor.ts'
import { readDocument, readVariables } from './document.ts'
import { interpolate } from './interpolate.ts'
import { Problems } from './problems.ts'
import { checkSchema } from './schema.ts'
import type { AppSpec, CapabilityNote } from './types.ts'

export type * from './types.ts'
export { ENGINES } from './capabilities.ts'
export { renoteEnvironment } from './kubernetes.ts'
export {
  isAnnotation,
  isHostName,
  isId,
  isOwnName,
  isServiceName,
  isVariable,
  SERVICE_NAME_LENGTH,
} from './kubernetes-forms.ts'
export { notesFor, refusalsOf } from './notes.ts'
export { tooLarge } from './semantics.ts'
export { readYamlDocument } from './yaml-document.ts'

/** What a request gives: the YAML text, or the same document as JSON (one of them), and its variables. */
export interface ComposeInput {
  readonly compose?: string
  readonly spec?: unknown
  /** The only source of `${VAR}`. */
  readonly variables?: Readonly<Record<string, string>>
}

export interface ParsedApp {
  readonly spec: AppSpec
  /** SHA-256 (hex) of the canonical spec. */
  readonly digest: string
  readonly notes: readonly CapabilityNote[]
}

/**
 * Reads a Compose document into the canonical app model.
 * Throws AppError `invalid_spec` (not Compose) or `unsupported` (Compose that is refused), each with
 * `errors: [{ path, message }]` naming every place; never reads a file, the environment or the clock.
 */
export function parseCompose(input: ComposeInput): ParsedApp {
  const problems = new Problems()
  const variables = readVariables(input.variables, problems)
  const document = readDocument(input, problems)
  if (!isDict(document)) return problems.fail('', 'the document must be a map with `services`')
  const interpolated = interpolate(document, variables, problems)
  problems.throwIfAny()
  checkSchema(interpolated, problems)
  problems.throwIfAny()
  const { spec, notes } = readApp(new Cursor(interpolated, '', { problems, origins: new WeakMap(), variables }))
  problems.throwIfAny()
  return { spec, digest: digestOf(spec), notes }
}

/** The digest of the part of a service that forces its containers to be replaced. */
export function serviceDigest(service: AppSpec['services'][string]): string {
  const {
    replicas: _replicas,
    mode: _mode,
    update: _update,
    dependsOn: _dependsOn,
    pullPolicy: _pullPolicy,
    ...replaced
  } = service
  return digestOf(replaced)
}
