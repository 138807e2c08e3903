// The few requests of the quickstart. Plain Node 20, no packages.
import { randomUUID } from 'node:crypto'

/** @typedef {{ status: number, body: any }} Answer */

/**
 * @param {string} base e.g. http://127.0.0.1:7080
 * @param {string} token
 */
export function apiClient(base, token) {
  /**
   * Rejects where no API answers; an error status is an answer.
   * @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<Answer>}
   */
  return async function ask(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (method !== 'GET') headers['idempotency-key'] = randomUUID()
    const reply = await fetch(new URL(path, base), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(90_000),
    })
    const text = await reply.text()
    try {
      return { status: reply.status, body: text === '' ? null : JSON.parse(text) }
    } catch {
      throw new Error(`${base} does not speak JSON: is that another program?`)
    }
  }
}

/** What a problem document says. @param {Answer} answer */
export function problemText({ status, body }) {
  const places = (body?.errors ?? [])
    .map((/** @type {{ path: string, message: string }} */ error) => ` ${error.path}: ${error.message}`)
    .join(';')
  return `${status} ${body?.code ?? ''}: ${body?.detail ?? body?.title ?? 'no reason given'}${places}`
}
