import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Teardown } from './database.ts'
import { run } from './run.ts'

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** A certificate and its key: their files, and their text. */
export interface Issued {
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string }
  /** As an endpoint takes it. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
}

/** A certificate authority of the test's own. */
export interface LabCa {
  /** Of a server that goes by these names or addresses. `days` may be negative: it has expired. */
  server(names: readonly string[], days?: number): Promise<Issued>
  client(days?: number): Promise<Issued>
}

/** Makes one, with files that end with the test. */
export async function labCa(t: Teardown): Promise<LabCa> {
  const folder = mkdtempSync(join(tmpdir(), 'moorage-ca-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string): string => join(folder, name)
  const [ca, caKey] = [file('ca.crt'), file('ca.key')]
  const subject = ['-subj', '/CN=lab CA']
  await run('openssl', ['req', '-x509', ...EC, ...subject, '-days', '30', '-keyout', caKey, '-out', ca])
  let count = 0
  const issue = async (days: number, ...extensions: string[]): Promise<Issued> => {
    const name = String(++count)
    const [cert, key, request] = [file(`${name}.crt`), file(`${name}.key`), file(`${name}.csr`)]
    const added = extensions.flatMap((extension) => ['-addext', extension])
    await run('openssl', ['req', ...EC, '-subj', `/CN=${name}`, ...added, '-keyout', key, '-out', request])
    await run('openssl', [
      ...['x509', '-req', '-in', request, '-copy_extensions', 'copyall', '-days', String(days)],
      ...['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-out', cert],
    ])
    const text = (path: string): string => readFileSync(path, 'utf8')
    return { files: { ca, cert, key }, tls: { ca: text(ca), cert: text(cert), key: text(key) } }
  }
  return {
    server: async (names, days = 10) => {
      const alternatives = names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join(',')
      return await issue(days, `subjectAltName=${alternatives}`, 'extendedKeyUsage=serverAuth')
    },
    client: async (days = 10) => await issue(days, 'extendedKeyUsage=clientAuth'),
  }
}
