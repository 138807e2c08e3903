// The image of examples/hello, built on the engine itself out of a static busybox: nothing is pulled.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../child.mjs'
import { askEngine, ensureBusybox } from '../docker-engine.mjs'
import { tar } from './tar.mjs'

const CONTEXT = join(ROOT, 'examples/hello/image')
const TAG = 'moorage-hello:1'
/** Holds the digest of what the image was made of. */
const LABEL = 'example.hello.content'

/**
 * Makes sure that the engine has the image with today's content.
 * @param {import('../docker-engine.mjs').EngineAddress} address
 * @returns {Promise<string>} what was done
 */
export async function ensureHelloImage(address) {
  const busybox = { name: 'busybox', mode: 0o755, bytes: readFileSync(await ensureBusybox()) }
  const archive = tar([...contextFiles(), busybox])
  const digest = createHash('sha256').update(archive).digest('hex')
  const found = await askEngine(address, 'GET', `/images/${TAG}/json`)
  if (found.status === 200 && JSON.parse(found.text).Config?.Labels?.[LABEL] === digest) return `${TAG} is there`
  const query = new URLSearchParams({ t: TAG, labels: JSON.stringify({ [LABEL]: digest }), forcerm: 'true' })
  const built = await askEngine(address, 'POST', `/build?${query}`, {
    body: archive,
    type: 'application/x-tar',
    timeoutMs: 120_000,
  })
  const failure = built.text.split('\n').find((line) => line.includes('"error"'))
  if (built.status !== 200 || failure) throw new Error(`the engine could not build ${TAG}: ${failure ?? built.text}`)
  return `${TAG}, built here`
}

function contextFiles() {
  return readdirSync(CONTEXT, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => ({ name, stat: statSync(join(CONTEXT, name)) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ name, stat }) => ({
      name,
      mode: stat.mode & 0o100 ? 0o755 : 0o644,
      bytes: readFileSync(join(CONTEXT, name)),
    }))
}
