import createClient, { type Client, defaultPathSerializer } from 'openapi-fetch'
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
 * into an exception. Changes are safe to repeat: see `createSend`. Throws a TypeError for a `baseUrl` that is none, and its calls
 * do for names in a path that would lead to another one.
 */
export function createMoorageClient({ baseUrl, token, fetch, retries = 5 }: MoorageOptions): MoorageClient {
  const base = new URL(baseUrl).href.replace(/\/+$/, '')
  const send = createSend({ token, retries, fetch: fetch ?? (async (request) => await globalThis.fetch(request)) })
  return {
    ...createClient<paths>({ baseUrl: base, fetch: send, pathSerializer }),
    // Without the slash a path could go on with the server's name, and take the token to another one.
    fetch: async (path, init) => await send(new Request(`${base}/${path.replace(/^\/+/, '')}`, init)),
  }
}

/** A name that is a dot segment takes the URL up a folder, encoded or not (https://url.spec.whatwg.org/#double-dot-path-segment). */
function pathSerializer(path: string, parameters: Record<string, unknown>): string {
  for (const [name, value] of Object.entries(parameters)) {
    if (/^(\.|%2e){1,2}$/i.test(String(value))) throw new TypeError(`${name} can not be ${JSON.stringify(value)}`)
  }
  return defaultPathSerializer(path, parameters)
}
