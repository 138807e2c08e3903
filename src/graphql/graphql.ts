import type { ErrorLog } from './errors.ts'
import type { Engine } from './engine.ts'
import type { PersistedQueries } from './persisted.ts'
import type { EngineDeps } from './resolvers.ts'

export interface GraphQLOptions {
  /** The schema may be asked for. Default true. */
  readonly introspection?: boolean
  /** Documents that a request may name by their hash. */
  readonly persisted?: PersistedQueries
  /** All others are refused, over HTTP and over WebSockets. Default false. */
  readonly onlyPersisted?: boolean
}

/** GraphQL of one server, whatever it comes over. */
export interface GraphQL {
  /** Loads it with the first call: a server that is never asked costs no memory for it. */
  engine(): Promise<Engine>
  readonly persisted: { readonly known: PersistedQueries; readonly only: boolean }
  close(): Promise<void>
}

export function createGraphQL(deps: EngineDeps & { readonly log: ErrorLog }, options: GraphQLOptions = {}): GraphQL {
  const { introspection = true, persisted = new Map(), onlyPersisted = false } = options
  let loading: Promise<Engine> | null = null
  const load = async (): Promise<Engine> => {
    const { createEngine } = await import('./engine.ts')
    return await createEngine(deps, { log: deps.log, introspection })
  }
  return {
    persisted: { known: persisted, only: onlyPersisted },
    async engine() {
      loading ??= load()
      try {
        return await loading
      } catch (error) {
        loading = null
        throw error
      }
    },
    async close() {
      await (await loading?.catch(() => null))?.close()
    },
  }
}
