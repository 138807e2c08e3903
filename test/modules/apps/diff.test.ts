import t from 'tap'
import { diffSpecs, maskSpec } from '../../../src/modules/apps/diff.ts'

const spec = (environment: object, image = 'a') => ({
  services: { web: { image, command: ['a', 'b'], environment } },
  volumes: {},
})

t.test('equal specs differ in nothing, whatever the order of their keys', async (t) => {
  t.same(diffSpecs(spec({ A: '1', B: '2' }), spec({ B: '2', A: '1' })), [])
})

t.test('paths are JSON Pointers, in their order; lists are shown as a whole', async (t) => {
  const to = { services: { web: { image: 'b', command: ['a'], environment: {}, 'x/y~z': 1 } }, volumes: {} }
  t.same(diffSpecs(spec({}), to), [
    { path: '/services/web/command', from: ['a', 'b'], to: ['a'] },
    { path: '/services/web/image', from: 'a', to: 'b' },
    { path: '/services/web/x~1y~0z', from: null, to: 1 },
  ])
})

t.test('values of environment variables are never shown, only that they differ', async (t) => {
  t.same(diffSpecs(spec({ A: 'old', B: 'same', C: 'gone' }), spec({ A: 'new', B: 'same', D: 'come' })), [
    { path: '/services/web/environment/A', from: '***', to: '***' },
    { path: '/services/web/environment/C', from: '***', to: null },
    { path: '/services/web/environment/D', from: null, to: '***' },
  ])
})

t.test('nor are they within a service that comes or goes', async (t) => {
  const none = { services: {}, volumes: {} }
  t.same(diffSpecs(none, spec({ A: 'secret' })), [
    { path: '/services/web', from: null, to: { image: 'a', command: ['a', 'b'], environment: { A: '***' } } },
  ])
  t.same(diffSpecs(null, spec({ A: 'secret' }))[0]?.to, maskSpec(spec({ A: 'secret' })))
})

t.test('a service named like a member of every object is a service', async (t) => {
  const to = { services: { constructor: { image: 'a', environment: { A: 's' } }, environment: { image: 'b' } } }
  t.same(diffSpecs({ services: {} }, to), [
    { path: '/services/constructor', from: null, to: { image: 'a', environment: { A: '***' } } },
    { path: '/services/environment', from: null, to: { image: 'b' } },
  ])
})
