import type { FastifyInstance, FastifyReply } from 'fastify'
import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Nothing from another origin, and no script in the page itself. Its editor measures itself by styles that it writes. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HTML = 'text/html; charset=utf-8'
const JS = 'text/javascript; charset=utf-8'
const CSS = 'text/css; charset=utf-8'

/** Where each file is: ours beside this one, the others in their packages. */
const FILES: Readonly<Record<string, readonly [type: string, place: () => URL]>> = {
  '/graphiql': [HTML, () => own('index.html')],
  '/graphiql/': [HTML, () => own('index.html')],
  '/graphiql/page.js': [JS, () => own('page.js')],
  '/graphiql/page.css': [CSS, () => own('page.css')],
  '/graphiql/graphiql.js': [JS, () => packaged('graphiql', 'graphiql.min.js')],
  '/graphiql/graphiql.css': [CSS, () => packaged('graphiql', 'graphiql.min.css')],
  '/graphiql/graphql-ws.js': [JS, () => packaged('graphql-ws', 'umd/graphql-ws.min.js')],
  '/graphiql/react.js': [JS, () => packaged('react', 'umd/react.production.min.js')],
  '/graphiql/react-dom.js': [JS, () => packaged('react-dom', 'umd/react-dom.production.min.js')],
}

/**
 * `/graphiql`: a page to write queries on, all of it from this server. It takes no token to see it; the one that is given to it is kept
 * in the page's memory alone. Its files are read when they are asked for: an idle server holds none of them.
 */
export async function graphiqlPage(app: FastifyInstance): Promise<void> {
  for (const [url, [type, place]] of Object.entries(FILES))
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      const path = fileURLToPath(place())
      const { size, mtimeMs } = await stat(path)
      const etag = `"${size}-${Math.trunc(mtimeMs)}"`
      withHeaders(reply, etag)
      if (request.headers['if-none-match'] === etag) return await reply.code(304).send()
      return await reply.type(type).send(await readFile(path))
    })
}

function withHeaders(reply: FastifyReply, etag: string): FastifyReply {
  return reply.headers({
    'content-security-policy': POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache',
    etag,
  })
}

function own(name: string): URL {
  return new URL(`./graphiql/${name}`, import.meta.url)
}

function packaged(name: string, file: string): URL {
  return new URL(file, import.meta.resolve(`${name}/package.json`))
}
