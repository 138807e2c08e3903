import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { TSchema } from 'typebox'

/** The server as route plugins see it: handlers' inputs and replies have the types of their schemas. */
export type Routes = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** Makes named schemas known to a server, each once. */
export function addSchemas(app: Pick<FastifyInstance, 'addSchema' | 'getSchema'>, schemas: readonly TSchema[]): void {
  for (const schema of schemas) {
    if ('$id' in schema && typeof schema.$id === 'string' && app.getSchema(schema.$id) === undefined)
      app.addSchema(schema)
  }
}
