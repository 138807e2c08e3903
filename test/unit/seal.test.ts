import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createSealer, SealError } from '../../src/lib/seal.ts'

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`
const [first, second] = [key('k1'), key('k2')]
const sealer = createSealer(`${first},${second}`)
const secret = '{"url":"tcp://user:päss@10.0.0.1"}'

t.test('what was sealed opens with its context, and looks different each time', async (t) => {
  const sealed = sealer.seal(secret, 'host:1')
  t.equal(sealer.open(sealed, 'host:1'), secret)
  t.notSame(sealer.seal(secret, 'host:1'), sealed)
  t.notOk(Buffer.from(sealed).includes('päss'))
  t.equal(sealer.open(sealer.seal('', 'x'), 'x'), '')
})

t.test('the first key seals, all open', async (t) => {
  const old = createSealer(second).seal(secret, 'host:1')
  t.equal(sealer.open(old, 'host:1'), secret)
  t.throws(() => createSealer(second).open(sealer.seal(secret, 'host:1'), 'host:1'), {
    name: 'SealError',
    message: /k1/,
  })
})

t.test('another context does not open it', async (t) => {
  t.throws(() => sealer.open(sealer.seal(secret, 'host:1'), 'host:2'), SealError)
})

t.test('no byte of it can be changed, and no tail be cut', async (t) => {
  const sealed = sealer.seal(secret, 'host:1')
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Uint8Array.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    t.throws(() => sealer.open(changed, 'host:1'), SealError)
    t.throws(() => sealer.open(sealed.subarray(0, at), 'host:1'), SealError)
  }
})

t.test('its errors tell nothing of the secret or the keys', async (t) => {
  for (const attempt of [
    () => sealer.open(sealer.seal(secret, 'a'), 'b'),
    () => createSealer(key('k9')).open(sealer.seal(secret, 'a'), 'a'),
    () => createSealer(`${first},${first}`),
    () => createSealer('k1:c2VjcmV0'),
    () => sealer.open(Buffer.from(secret), 'a'),
  ]) {
    try {
      attempt()
      t.fail('it did not throw')
    } catch (error) {
      t.type(error, SealError)
      const said = JSON.stringify([String(error), (error as Error).cause ?? null])
      for (const word of ['päss', 'c2VjcmV0', first.slice(3), 'tcp:']) t.notMatch(said, word)
    }
  }
})
