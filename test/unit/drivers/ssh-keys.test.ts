import { createHash, generateKeyPairSync } from 'node:crypto'
import ssh2 from 'ssh2'
import t from 'tap'
import {
  fingerprint,
  hostKeyAlgorithms,
  knownHostText,
  privateKeyProblem,
  readKnownHost,
} from '../../../src/drivers/ssh-keys.ts'

const ed25519 = ssh2.utils.generateKeyPairSync('ed25519')
const ecdsa = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 384 })
const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 })
const [typed, second] = [ed25519.public.trim(), ecdsa.public.trim()]

t.test('keys are read in all forms that OpenSSH prints, and given back in one', async (t) => {
  const text = [
    '# example.com:22 SSH-2.0-OpenSSH_9.2p1',
    `example.com,192.0.2.1 ${typed}`,
    `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ${second} root@example`,
    '',
    // Its name looks like a type.
    `ssh-1.example.com ${typed}`,
    `  ${rsa.public.trim()} a comment`,
  ].join('\r\n')
  const { keys, problem } = readKnownHost(text)
  t.equal(problem, null)
  t.same(
    keys.map(({ type }) => type),
    ['ssh-ed25519', 'ecdsa-sha2-nistp384', 'ssh-ed25519', 'ssh-rsa'],
  )
  t.same(hostKeyAlgorithms(keys), ['ssh-ed25519', 'ecdsa-sha2-nistp384', 'rsa-sha2-512', 'rsa-sha2-256'])
  t.same(readKnownHost(knownHostText(keys)), { keys, problem: null })
  t.notMatch(knownHostText(keys), /example|comment|\|1\|/)
})

t.test('what is not understood is said with its line, and never quoted', async (t) => {
  const [type = '', base64 = ''] = typed.split(' ')
  for (const [text, problem] of [
    ['', /there is no key/],
    ['# only\n\n', /there is no key/],
    [`${typed}\nhunter2`, /^line 2 is neither/],
    ['example.com hunter2', /^line 1 is neither/],
    [`@cert-authority *.example.com ${typed}`, /^line 1 has a marker/],
    [`@revoked * ${typed}`, /^line 1 has a marker/],
    ['example.com ssh-dss AAAAB3NzaC1kc3MAAACB', /type that is not supported; these are: ssh-ed25519/],
    [`${type} ${base64.slice(0, 30)}`, /can not be read/],
    [`${type} ${base64}hunter2`, /can not be read/],
    [`ssh-rsa ${base64}`, /can not be read/],
    [type, /can not be read/],
  ] as const) {
    const read = readKnownHost(text)
    t.match(read, { keys: [], problem }, text)
    t.notMatch(read.problem, /hunter2|AAAA/)
  }
})

t.test('a whole known_hosts is refused: each of its servers would be believed to be this one', async (t) => {
  const lines = (count: number) => Array.from({ length: count }, (_, n) => `h${n} ${typed}`).join('\n')
  t.match(readKnownHost(lines(10)), { problem: null })
  t.match(readKnownHost(lines(11)), { keys: [], problem: /more than 10 keys.*of this one server/ })
})

t.test('a private key is one without a passphrase', async (t) => {
  for (const { private: key } of [ed25519, ecdsa, rsa]) t.equal(privateKeyProblem(key), null)
  const locked = ssh2.utils.generateKeyPairSync('ed25519', { passphrase: 'hunter2', cipher: 'aes256-ctr', rounds: 1 })
  t.match(privateKeyProblem(locked.private), /is encrypted.*ssh-keygen -p/)
  const form = { type: 'pkcs8', format: 'pem' } as const
  const pkcs8 = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { ...form, cipher: 'aes-256-cbc', passphrase: 'hunter2' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  t.match(privateKeyProblem(pkcs8.privateKey), /is encrypted/)
  t.match(privateKeyProblem(ed25519.public), /is a public key/)
  t.match(privateKeyProblem('hunter2'), /^is not a private SSH key/)
  t.notMatch(privateKeyProblem('hunter2'), /hunter2/)
})

t.test('a fingerprint is what ssh-keygen -l prints', async (t) => {
  const [key] = readKnownHost(typed).keys
  const blob = Buffer.from(typed.split(' ')[1] ?? '', 'base64')
  t.equal(
    fingerprint(key?.blob ?? blob.subarray(1)),
    `SHA256:${createHash('sha256').update(blob).digest('base64').slice(0, 43)}`,
  )
})
