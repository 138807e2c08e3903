import fc from 'fast-check'
import { apiHarness } from '../lab/api.ts'
import { near, type Schema } from '../lab/arbitraries.ts'
import { type Outcome, Scene } from './scene.ts'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema?: Schema
}
interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content?: { readonly 'application/json'?: { readonly schema?: Schema } } }
}

/**
 * Hostile input at every route, out of the OpenAPI document: wrong types, huge numbers, deep JSON, NUL bytes, other tenants' names. No 5xx, no
 * crash, no stack trace, and each answer as the document says. 12 requests a route in the short form, 300 in the long one.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  const runs = long ? 300 : 12
  let sent = 0
  let routes = 0
  let broken: string | null = null
  const alive = await Scene.run(async (scene) => {
    const api = await apiHarness(scene)
    const acme = await api.tenant('acme')
    await api.tenant('other')
    // What is there can be hit, and a tenant that has an app outlives its own deletion.
    const applied = await api.request('PUT', '/v1/tenants/acme/apps/shop', {
      body: { compose: 'services: { web: { image: busybox } }' },
    })
    if (applied.status !== 202) throw new Error(`the app was not accepted: ${applied.status}`)
    try {
      const document = api.app.swagger() as { paths: Record<string, Record<string, Operation>> }
      for (const [path, methods] of Object.entries(document.paths)) {
        for (const [method, operation] of Object.entries(methods)) {
          routes += 1
          const parameters = operation.parameters ?? []
          const of = (place: string) =>
            fc.record(
              Object.fromEntries(
                parameters
                  .filter((parameter) => parameter.in === place)
                  .map(({ name, schema }) => [name, near(schema)]),
              ),
              place === 'path' ? {} : { requiredKeys: [] },
            )
          const bodySchema = operation.requestBody?.content?.['application/json']?.schema
          const request = fc.record({
            params: of('path'),
            query: of('query'),
            headers: of('header'),
            body: bodySchema ? near(bodySchema) : fc.constant(undefined),
            token: fc.constantFrom(api.adminToken, acme.owner, acme.viewer),
          })
          await fc.assert(
            fc.asyncProperty(request, async ({ params, query, headers, body, token }) => {
              const url = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encode(params[name]) || 'x')
              const pairs = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`)
              sent += 1
              // A wait is no attack, nor is a stream that goes on, and a socket or an address of this machine none of this test's business.
              const asked = `${url}?${pairs.filter((pair) => !pair.startsWith('wait=') && pair !== 'follow=true').join('&')}`
              if (path.startsWith('/v1/hosts') && JSON.stringify(body ?? '').includes('endpoint') && method === 'post')
                return
              const lines = Object.fromEntries(
                Object.entries(headers).map(([name, value]) => [
                  name,
                  textOf(value).replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?'),
                ]),
              )
              // The harness compares each answer with the document.
              const { status, text: answer } = await api.request(method.toUpperCase(), asked, {
                token,
                headers: lines,
                body,
              })
              if (status >= 500) throw new Error(`${method} ${asked} → ${status} ${answer}`)
              if (/node_modules|\.ts:\d+|at async|prisma|SELECT |violates/i.test(answer) && path !== '/openapi.json')
                throw new Error(`${method} ${asked} tells: ${answer}`)
            }),
            { numRuns: runs },
          )
        }
      }
    } catch (error) {
      broken = error instanceof Error ? error.message : String(error)
    }
    const answers = [await api.request('GET', '/healthz'), await api.request('GET', '/v1/tenants/acme')]
    return answers.every(({ status }) => status === 200)
  })
  return {
    outcome: alive && broken === null,
    lines: [
      `${sent} requests at ${routes} routes; 5xx, stack traces and answers that the document does not know: ${broken ?? 'none'}`,
      `alive at the end: ${alive}`,
    ],
  }
}

function encode(value: unknown): string {
  return encodeURIComponent(textOf(value).toWellFormed())
}

/** Not `String`: what is hostile has a `toString` of its own. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
