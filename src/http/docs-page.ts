import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

/** Nothing from another origin, and nothing in the page itself: its scripts and styles are files of ours. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** No answer of ours has links, and their empty column makes tables wider than a phone; what is still too wide scrolls by itself. */
const NARROW = `
.swagger-ui .response-col_links { display: none }
.swagger-ui .responses-inner { overflow-x: auto }
`

/**
 * `/docs`: the OpenAPI document as a page, to read and to try against this server. No token is needed to read; the one that is
 * given to "Authorize" is kept in the page's memory alone. Register it after `registerOpenapi`.
 */
export async function docsPage(app: FastifyInstance): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: POLICY,
    theme: { title: 'Moorage API', css: [{ filename: 'narrow.css', content: NARROW }] },
    uiConfig: { layout: 'BaseLayout', deepLinking: true, displayOperationId: true, persistAuthorization: false },
  })
}
