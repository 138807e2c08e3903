import t from 'tap'
import { readIdentity, readKey, readOwner } from '../../../src/drivers/labels.ts'

const installation = '01934b6e-0000-7000-8000-000000000001'
const good = {
  'moorage.io/installation': installation,
  'moorage.io/tenant-id': '01934b6e-0000-7000-8000-000000000002',
  'moorage.io/app-id': '01934b6e-0000-7000-8000-000000000003',
  'moorage.io/service': 'web',
  'moorage.io/ordinal': '1',
  'moorage.io/service-digest': 'ab'.repeat(32),
  'moorage.io/restart-generation': '2',
  'moorage.io/key': 'data',
}

t.test('labels in our form are read', async (t) => {
  t.match(readIdentity(good, installation), { service: 'web', ordinal: 1, restartGeneration: 2 })
  t.match(readOwner(good), { appId: good['moorage.io/app-id'] })
  t.equal(readKey(good), 'data')
})

t.test('labels that no column could hold are nobody’s, so that one container can not hide all others', async (t) => {
  const bad: readonly (readonly [keyof typeof good, string])[] = [
    ['moorage.io/tenant-id', 'x'],
    ['moorage.io/app-id', 'not-a-uuid'],
    ['moorage.io/app-id', `${good['moorage.io/app-id']}\n`],
    ['moorage.io/service', 'a\u0000b'],
    ['moorage.io/service', 'x'.repeat(5000)],
    ['moorage.io/service-digest', 'd'],
    ['moorage.io/ordinal', '9999999999'],
    ['moorage.io/restart-generation', '99999999999'],
  ]
  for (const [name, value] of bad)
    t.equal(readIdentity({ ...good, [name]: value }, installation), null, `${name}: ${value.slice(0, 20)}`)
  t.equal(readOwner({ ...good, 'moorage.io/app-id': "'; drop" }), null)
  t.equal(readKey({ ...good, 'moorage.io/key': '\u0000' }), null)
})
