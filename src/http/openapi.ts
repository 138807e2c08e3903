import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { problemResponses, type Routes } from '../web/index.ts'
import { complete } from './openapi-complete.ts'

/** Collects the routes that are registered after it into an OpenAPI 3.1 document, and serves it. */
export async function registerOpenapi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Moorage',
        version: 'v1',
        description: 'One API in front of many Docker engines, Swarms and Kubernetes clusters.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'An API token, `mrg_…`.' } },
      },
      security: [{ bearer: [] }],
    },
    transformObject: (made) => ('openapiObject' in made ? complete(made.openapiObject) : made.swaggerObject),
    refResolver: {
      buildLocalReference: (schema, _baseUri, _fragment, at) =>
        typeof schema.$id === 'string' ? schema.$id : `schema-${at}`,
    },
  })
  await app.register(async (instance) => {
    const routes = instance as Routes
    routes.get(
      '/openapi.json',
      {
        schema: {
          operationId: 'getOpenapi',
          tags: ['process'],
          summary: 'This document',
          security: [],
          response: { ...problemResponses(), 200: Type.Object({}, { additionalProperties: true }) },
        },
      },
      async () => app.swagger(),
    )
  })
}
