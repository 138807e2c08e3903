import type { AppSpec, CapabilityNote } from './types.ts'

export type * from './types.ts'

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
export declare function parseCompose(input: ComposeInput): ParsedApp

/** The digest of the part of a service that forces its containers to be replaced. */
export declare function serviceDigest(service: AppSpec['services'][string]): string
