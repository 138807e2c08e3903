import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { labCa } from '../../lab/tls.ts'

t.test('a server is believed by a certificate of its name alone, of an authority that Node knows', async (t) => {
  const ca = await labCa(t)
  const serve = async (names: readonly string[], days?: number) => {
    const { tls, files } = await ca.server(names, days)
    const server = createServer(tls, (request, response) => {
      response.end(`${request.headers.host} ${request.socket.localAddress}`)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => void server.close())
    return { port: (server.address() as AddressInfo).port, ca: files.ca }
  }
  const good = await serve(['receiver.test', '127.0.0.1'])
  const expired = await serve(['receiver.test'], -1)
  const urls = {
    byName: `https://receiver.test:${good.port}/`,
    byAddress: `https://127.0.0.1:${good.port}/`,
    otherName: `https://other.test:${good.port}/`,
    expired: `https://receiver.test:${expired.port}/`,
  }
  // Node reads its authorities once, at the start of a process.
  const script = `
    import { createOutbound } from '${new URL('../../../src/outbound/index.ts', import.meta.url).href}'
    const guard = createOutbound({ allow: ['127.0.0.1'], resolve: async () => ['127.0.0.1'] })
    const told = {}
    for (const [name, url] of Object.entries(${JSON.stringify(urls)})) {
      const request = { url, signal: AbortSignal.timeout(5000), maxBytes: 100 }
      told[name] = await guard.request(request).then(({ body }) => String(body), ({ code, message }) => code + ': ' + message)
    }
    console.log(JSON.stringify(told))`
  const ask = async (env: Record<string, string>) => {
    const options = { env: { PATH: process.env.PATH, ...env } }
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], options)
    return JSON.parse(stdout)
  }
  t.match(await ask({ NODE_EXTRA_CA_CERTS: good.ca }), {
    byName: `receiver.test:${good.port} 127.0.0.1`,
    byAddress: `127.0.0.1:${good.port} 127.0.0.1`,
    otherName: 'unreachable: the TLS connection failed (ERR_TLS_CERT_ALTNAME_INVALID)',
    expired: 'unreachable: the TLS connection failed (CERT_HAS_EXPIRED)',
  })
  t.match(await ask({}), { byName: /^unreachable: the TLS connection failed/, byAddress: /^unreachable: the TLS/ })
})
