import fc from 'fast-check'
import t from 'tap'
import { freeAddress, gatewayOf } from '../../../src/drivers/docker/addresses.ts'

t.test('the gateway is the first address', async (t) => {
  t.equal(gatewayOf('10.201.0.64/26'), '10.201.0.65')
  t.equal(gatewayOf('10.201.0.70/26'), '10.201.0.65')
  t.throws(() => gatewayOf('fd00::/64'))
})

t.test('each container gets an address that no other has, until all 61 are given', async (t) => {
  const subnet = '10.201.3.192/26'
  const used = new Set([gatewayOf(subnet)])
  for (let nth = 0; nth < 61; nth++) {
    const address = freeAddress(subnet, used, `web_${nth}`)
    t.match(address, /^10\.201\.3\.(19[3-9]|2[0-4]\d|25[0-4])$/)
    t.notOk(used.has(address ?? ''))
    used.add(address ?? '')
  }
  t.equal(freeAddress(subnet, used, 'one more'), null)
})

t.test('the same name gets the same address while it is free', async (t) => {
  fc.assert(
    fc.property(
      fc.string(),
      (name) => freeAddress('10.0.0.0/26', new Set(), name) === freeAddress('10.0.0.0/26', new Set(['10.1.1.1']), name),
    ),
  )
  t.pass()
})
