// Brings the app of examples/hello to life over the API. Plain Node 20, no packages.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ROOT } from '../child.mjs'
import { problemText } from './api.mjs'

const TENANT = 'demo'
const APP = 'hello'
const TIMEOUT_MS = 120_000

/** @typedef {ReturnType<typeof import('./api.mjs').apiClient>} Ask */
/** @template T @typedef {{ done: T, waiting?: undefined } | { done?: undefined, waiting: string }} Look */

/** Waits until the server has reached the engine that it registered as `local`. @param {Ask} ask @param {AbortSignal} signal @returns {Promise<string>} */
export async function untilHostReady(ask, signal) {
  return until(signal, async () => {
    const answer = await ask('GET', '/v1/hosts/local')
    if (answer.status === 200 && answer.body.status === 'ready')
      return { done: `ready, engine ${answer.body.engineVersion}` }
    return {
      waiting:
        answer.status === 200 ? `it is ${answer.body.status}: ${answer.body.message ?? ''}` : problemText(answer),
    }
  })
}

/**
 * The tenant, the app, and all its services running. Changes nothing where that is so already.
 * @param {Ask} ask @param {AbortSignal} signal @param {string} engineHost where published ports answer
 * @returns {Promise<{ note: string, url: string, reply: string }>}
 */
export async function bringUpHello(ask, signal, engineHost) {
  const tenant = await ask('GET', `/v1/tenants/${TENANT}`)
  if (tenant.status === 404)
    expect(await ask('POST', '/v1/tenants', { name: TENANT, displayName: 'Quickstart' }), 201, 409)
  const path = `/v1/tenants/${TENANT}/apps/${APP}`
  const compose = readFileSync(join(ROOT, 'examples/hello/compose.yaml'), 'utf8')
  const applied = expect(await ask('PUT', `${path}?wait=60`, { compose }), 200, 202)
  const operation = applied.body.operation
  if (operation) await untilSucceeded(ask, signal, operation)
  const services = await until(signal, async () => {
    const { items } = expect(await ask('GET', `${path}/workloads`), 200).body
    const late = items.filter((/** @type {any} */ item) => !['running', 'completed'].includes(item.status))
    if (items.length > 0 && late.length === 0)
      return {
        done: items
          .map((/** @type {any} */ item) => item.service)
          .toSorted()
          .join(' and '),
      }
    return {
      waiting: late.map((/** @type {any} */ item) => `${item.service} is ${item.status}`).join(', ') || 'nothing runs',
    }
  })
  const url = await until(signal, async () => {
    const { items } = expect(await ask('GET', `${path}/instances`), 200).body
    const web = items.find(
      (/** @type {any} */ item) =>
        item.service === 'web' &&
        item.state === 'running' &&
        item.ports.some((/** @type {any} */ port) => port.hostPort),
    )
    const port = web?.ports.find((/** @type {any} */ candidate) => candidate.hostPort)
    return port ? { done: `http://${engineHost}:${port.hostPort}/` } : { waiting: 'web has no published port' }
  })
  const reply = await until(signal, async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => null)
    return answer?.status === 200
      ? { done: (await answer.text()).trim() }
      : { waiting: `${url} answers ${answer?.status ?? 'nothing'}` }
  })
  return { note: `${services} run${operation ? '' : ', as before'}`, url, reply }
}

/** @param {Ask} ask @param {AbortSignal} signal @param {{ id: string }} accepted */
async function untilSucceeded(ask, signal, accepted) {
  await until(signal, async () => {
    const { body } = expect(await ask('GET', `/v1/tenants/${TENANT}/operations/${accepted.id}?wait=10`), 200)
    if (body.status === 'succeeded') return { done: body.id }
    if (['failed', 'cancelled', 'rolled_back'].includes(body.status)) {
      throw new Error(`the operation ended ${body.status}: ${body.error?.code ?? ''} ${body.error?.message ?? ''}`)
    }
    return {
      waiting: `the operation ${body.id} is ${body.status}${body.reason ? ` (${body.reason})` : ''}${body.error ? `: ${body.error.message}` : ''}`,
    }
  })
}

/** @param {import('./api.mjs').Answer} answer @param {...number} statuses */
function expect(answer, ...statuses) {
  if (!statuses.includes(answer.status)) throw new Error(problemText(answer))
  return answer
}

/**
 * Looks again until it is done. Rejects, with what it waited for, after two minutes.
 * @template T
 * @param {AbortSignal} signal @param {() => Promise<Look<T>>} look @returns {Promise<T>}
 */
async function until(signal, look) {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    signal.throwIfAborted()
    const seen = await look()
    if (seen.waiting === undefined) return seen.done
    if (performance.now() > deadline) throw new Error(`not within ${TIMEOUT_MS / 1000} s: ${seen.waiting}`)
    await delay(200, undefined, { signal })
  }
}
