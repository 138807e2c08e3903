import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './schema.ts'
import { createSend, type Send } from './send.ts'

export interface MoorageOptions {
  /** Where the API is, such as `https://moorage.example.com`; a path in it is kept. */
  readonly baseUrl: string
  /** An API token. */
  readonly token: string
  /** Default: the global one. */
  readonly fetch?: Send
  /** How often a request is sent again where its connection broke or the answer says to. Default 5, about 3 s in all. */
  readonly retries?: number
}

/** A call for every route: `GET('/v1/whoami')`, typed by the OpenAPI document. */
export interface MoorageClient extends Client<paths> {
  /** A request below `baseUrl`, whatever the path is, with the same token, key and retries, for what the typed calls do not cover: streams. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

/**
 * A client. Its calls give `{ data, error, response }` and reject only where there was no answer; `dataOf` turns a problem
 * into an exception. Changes are safe to repeat: see `createSend`.
 */
export function createMoorageClient({ baseUrl, token, fetch, retries = 5 }: MoorageOptions): MoorageClient {
  const base = baseUrl.replace(/\/+$/, '')
  const send = createSend({ token, retries, fetch: fetch ?? (async (request) => await globalThis.fetch(request)) })
  return {
    ...createClient<paths>({ baseUrl: base, fetch: send }),
    // Without the slash a path could go on with the server's name, and take the token to another one.
    fetch: async (path, init) => await send(new Request(`${base}/${path.replace(/^\/+/, '')}`, init)),
  }
}
