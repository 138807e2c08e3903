import t from 'tap'
import { AppError } from '../../../src/errors/app-error.ts'
import { tellable } from '../../../src/drivers/connection-errors.ts'
import { mapConnectionError, mapPullRefusal, mapRefusal, Refusal } from '../../../src/drivers/docker/map-error.ts'
import { parseReference } from '../../../src/drivers/docker/images.ts'

const REFUSALS: readonly [status: number, message: string, code: string][] = [
  [
    500,
    'driver failed programming external connectivity on endpoint web (0123): Bind for 0.0.0.0:8080 failed: port is already allocated',
    'port_conflict',
  ],
  [
    500,
    'driver failed programming external connectivity on endpoint web: Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use',
    'port_conflict',
  ],
  [404, 'No such image: acme/none:1', 'image_not_found'],
  [500, 'write /var/lib/docker/tmp/x: no space left on device', 'insufficient_capacity'],
  [
    400,
    'failed to create shim task: OCI runtime create failed: exec: "/nope": executable file not found in $PATH: unknown',
    'unsupported',
  ],
  [500, 'unable to find user bob: no matching entries in passwd file', 'unsupported'],
  [400, 'Minimum memory limit allowed is 6MB', 'unsupported'],
  [500, 'Address already in use', 'internal'],
  [500, 'context deadline exceeded', 'internal'],
  [409, 'cannot do that now', 'internal'],
]

t.test('a refusal has one code', async (t) => {
  for (const [status, message, code] of REFUSALS)
    t.equal(mapRefusal(new Refusal(status, message), 'start web').code, code, message)
})

const PULLS: readonly [message: string, code: string][] = [
  ['pull access denied for x, repository does not exist or may require docker login', 'image_pull_denied'],
  ['Head "https://r.example/v2/x/manifests/1": unauthorized: authentication required', 'image_pull_denied'],
  ['error parsing HTTP 403 response body: denied: requested access to the resource is denied', 'image_pull_denied'],
  ['manifest for x:1 not found: manifest unknown: manifest unknown', 'image_not_found'],
  ['no matching manifest for linux/arm64 in the manifest list entries', 'image_not_found'],
  ['Get "https://r.example/v2/": dial tcp: lookup r.example: no such host', 'image_not_found'],
  ['Get "http://127.0.0.1:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused', 'image_not_found'],
  [
    'Get "https://r.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded)',
    'image_not_found',
  ],
  ['failed to register layer: no space left on device', 'insufficient_capacity'],
]

t.test('a refusal of a pull has one code, and names the image', async (t) => {
  for (const [message, code] of PULLS)
    t.match(mapPullRefusal(new Refusal(500, message), 'acme/web:1'), { code, message: /acme\/web:1/ }, message)
})

t.test('whatever breaks the connection is host_unreachable, and says why', async (t) => {
  for (const code of [
    'ECONNREFUSED',
    'ENOENT',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ECONNRESET',
    'EPIPE',
    'ENOTFOUND',
    'EAI_AGAIN',
  ]) {
    const error = mapConnectionError(
      Object.assign(new Error(`connect ${code} /run/secret/path.sock`), { code }),
      'probe',
    )
    t.match(error, { code: 'host_unreachable', message: /^probe: the engine does not answer, / }, code)
    t.notMatch(error.options.detail, /secret/)
  }
  t.match(mapConnectionError(new Error('socket hang up'), 'probe'), { code: 'host_unreachable' })
  t.match(mapConnectionError(new Error('x'), 'probe', 'its certificate has expired'), {
    message: /, its certificate has/,
  })
})

t.test('what the transport found itself keeps its code', async (t) => {
  const found = new AppError('host_identity_mismatch', { detail: 'another key' })
  t.match(mapConnectionError(found, 'probe'), { code: 'host_identity_mismatch', message: 'probe: another key' })
})

t.test('what is told of an engine’s message is no business of the host’s alone', async (t) => {
  t.equal(tellable(`mount /var/lib/docker/overlay2/${'a'.repeat(64)}/merged: denied`), 'mount …: denied')
  t.equal(tellable('Get https://joe:pass@r.example/v2/?token=abc&x=1: no'), 'Get https://r.example/v2/?token=…&x=…: no')
  t.equal(tellable(`container ${'0123456789ab'.padEnd(64, 'c')} is\n\n\u0000gone`), 'container 0123456789ab is gone')
  t.equal(tellable('x'.repeat(1000)).length, 300)
})

t.test('an image without a tag means latest, never all tags', async (t) => {
  t.same(parseReference('web'), { repository: 'web', tag: 'latest' })
  t.same(parseReference('r.example:5000/a/web'), { repository: 'r.example:5000/a/web', tag: 'latest' })
  t.same(parseReference('r.example:5000/a/web:2'), { repository: 'r.example:5000/a/web', tag: '2' })
  t.same(parseReference('web:2@sha256:abc'), { repository: 'web', tag: 'sha256:abc' })
})

t.test('a message is never cut inside of a character: half of one could not be stored', async (t) => {
  for (let lead = 290; lead < 302; lead += 1) {
    const told = tellable('x'.repeat(lead) + '🦭'.repeat(20))
    t.ok(told.isWellFormed() && told.length <= 300, String(lead))
  }
})
