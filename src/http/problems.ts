import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { AppError } from '../errors/app-error.ts'
import { ERROR_CODES, type ErrorCode, type ErrorEntry } from '../errors/codes.ts'
import { closed, problemResponses, type Routes } from '../web/index.ts'

const WHO: Readonly<Record<ErrorEntry['owner'], string>> = {
  client: 'whoever sends the request',
  tenant: 'whoever owns the app',
  platform: 'whoever runs the platform',
}

/** What the `type` of a problem document points at: a page for people about its code. No token is needed. */
export async function problemRoutes(instance: FastifyInstance): Promise<void> {
  const app = instance as Routes
  app.get(
    '/problems/:code',
    {
      schema: {
        operationId: 'getProblem',
        tags: ['process'],
        summary: 'What an error code means and how to mend it, as a page',
        security: [],
        params: closed({ code: Type.String({ minLength: 1, maxLength: 100 }) }),
        response: {
          ...problemResponses(404),
          200: { description: 'HTML.', content: { 'text/html': { schema: Type.String() } } },
        },
      },
    },
    async ({ params: { code } }, reply) => {
      if (!isCode(code)) throw new AppError('not_found', { detail: 'there is no such error code' })
      return reply
        .header('content-security-policy', "default-src 'none'")
        .type('text/html; charset=utf-8')
        .send(pageOf(code))
    },
  )
}

function isCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text)
}

function pageOf(code: ErrorCode): string {
  const { status, title, mend, owner, retry } = ERROR_CODES[code]
  const again = retry === 'retry' ? 'In an operation, Moorage tries again by itself.' : 'Trying again does not help.'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${code}</title>
<h1>${title}</h1>
<p><code>${code}</code>, status ${status}</p>
<p>${withCode(mend)}</p>
<p>It is mended by ${WHO[owner]}. ${again}</p>
</html>
`
}

/** The table's texts as HTML: they hold no markup but `code`. */
function withCode(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/`([^`]*)`/g, '<code>$1</code>')
}
