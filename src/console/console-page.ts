import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'

/** Nothing from another origin and nothing in the page itself; Trusted Types refuse any text that would become markup. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

interface Asset {
  readonly content: Buffer
  readonly type: string
  readonly etag: string
}

/**
 * `/console`: the page for people. Its files are read once, as they are in `page/`, and sent with the strictest policy that it can do with; no token is
 * needed for them, as they hold nothing: everything that the page shows, it asks of the API with its user's token.
 */
export async function consolePage(app: FastifyInstance): Promise<void> {
  const assets = await readAssets(new URL('./page/', import.meta.url))
  for (const [name, asset] of assets) {
    const urls = name === 'index.html' ? ['/console', '/console/'] : [`/console/${name}`]
    for (const url of urls)
      app.get(url, { schema: { hide: true } }, async (request, reply) => await send(asset, request, reply))
  }
}

async function readAssets(folder: URL): Promise<Map<string, Asset>> {
  const names = (await readdir(folder)).filter((name) => Object.hasOwn(TYPES, extname(name)))
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, Asset]> => {
        const content = await readFile(new URL(name, folder))
        const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
        return [name, { content, type: TYPES[extname(name)] ?? '', etag }]
      }),
    ),
  )
}

/** Kept by the browser and asked for anew each time, which costs 304 and no bytes: after an upgrade no old part meets a new one. */
async function send(asset: Asset, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.headers({
    'content-security-policy': POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache',
    etag: asset.etag,
  })
  const known = String(request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
  if (known.includes(asset.etag) || known.includes('*')) return await reply.code(304).send()
  return await reply.type(asset.type).send(asset.content)
}
