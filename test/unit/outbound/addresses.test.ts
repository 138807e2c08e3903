import fc from 'fast-check'
import t from 'tap'
import { addressesOf, includes, isPublic } from '../../../src/outbound/addresses.ts'
import { isBlockOfAddresses } from '../../../src/lib/address-block.ts'

const INSIDE = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '::7f00:1',
  '::127.0.0.1',
  '::8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:FFFF:7F00:0001',
  '::ffff:10.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::10.1.2.3',
  '64:ff9b:1::8.8.8.8',
  '100::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:2::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:808:808::1',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fdff:ffff::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  'ff0e::1',
]
const OUTSIDE = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.1',
  '168.63.129.15',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2001:4860:4860::8888',
  '2a00:1450:4001:80b::200e',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
]

t.test('every block that is nobody’s on the public internet is inside, and its neighbours are outside', async (t) => {
  for (const address of INSIDE) t.notOk(isPublic(address), address)
  for (const address of OUTSIDE) t.ok(isPublic(address), address)
})

t.test('what is no address is not public', async (t) => {
  for (const text of [
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '1.2.3',
    '1.2.3.4.5',
    ':::',
    '[::1]',
    '8.8.8.8/32',
    '8.8.8.8 ',
  ])
    t.notOk(isPublic(text), text)
})

const octet = fc.integer({ min: 0, max: 255 })
const group = fc.integer({ min: 0, max: 0xffff })

t.test('an IPv4 address is judged alike in every form that IPv6 has for it', async () => {
  fc.assert(
    fc.property(fc.tuple(octet, octet, octet, octet), ([a, b, c, d]) => {
      const plain = `${a}.${b}.${c}.${d}`
      const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
      const forms = [
        `::ffff:${plain}`,
        `::FFFF:${hex}`,
        `0:0:0:0:0:ffff:${hex}`,
        `64:ff9b::${plain}`,
        `64:ff9b:0:0:0:0:${hex}`,
      ]
      return forms.every((form) => isPublic(form) === isPublic(plain))
    }),
    { numRuns: 2000 },
  )
})

t.test('no IPv6 address outside of 2000::/3 is public', async () => {
  const first = fc.oneof(fc.integer({ min: 0x65, max: 0x1fff }), fc.integer({ min: 0x4000, max: 0xffff }))
  fc.assert(
    fc.property(first, fc.array(group, { minLength: 7, maxLength: 7 }), (head, tail) => {
      return !isPublic([head, ...tail].map((part) => part.toString(16)).join(':'))
    }),
    { numRuns: 2000 },
  )
})

t.test('an allow-list has blocks and single addresses of both kinds, mapped ones too', async (t) => {
  const list = addressesOf(['10.1.0.0/16', '192.168.0.7', 'fd00::/8', '2001:db8::1'])
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.168.0.7', 'fd12::1', 'fd12::1%eth0', '2001:db8::1'])
    t.ok(includes(list, address), address)
  for (const address of ['10.2.0.1', '192.168.0.8', 'fe80::1', '2001:db8::2', '::ffff:10.2.0.1', '64:ff9b::10.1.2.3'])
    t.notOk(includes(list, address), address)
  t.ok(includes(addressesOf(['::/0']), 'fe80::1'))
  for (const block of [
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'example.com',
    'fe80::1%eth0/64',
    '10.0.0.0/-1',
  ])
    t.notOk(isBlockOfAddresses(block), block)
  t.throws(() => addressesOf(['example.com']), TypeError)
})
