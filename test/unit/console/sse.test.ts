import fc from 'fast-check'
import t from 'tap'
import { eventParser } from '../../../src/console/page/sse.js'

t.test('events as the standard has them', async (t) => {
  const parse = eventParser()
  t.same(parse('\uFEFF: hello\r\nid: 1\nevent: line\ndata: a\ndata:b\r\rdata\n\nevent: none\n\n'), [
    { id: '1', event: 'line', data: 'a\nb' },
    { id: '1', event: 'message', data: '' },
  ])
  t.same(parse('data: cu'), [])
  t.same(parse('t\n'), [])
  t.same(parse('\n'), [{ id: '1', event: 'message', data: 'cut' }])
  t.same(parse('id: a\0b\ndata: x\n\n'), [{ id: '1', event: 'message', data: 'x' }], 'an id with a null is none')
})

t.test('wherever a stream is cut, its events are the same', async () => {
  const line = fc.constantFrom('data: a', 'data:b', 'event: e', 'id: 7', ': c', 'retry: 1', 'x', '', '')
  const end = fc.constantFrom('\n', '\r\n', '\r')
  fc.assert(
    fc.property(fc.array(fc.tuple(line, end)), fc.array(fc.nat(200)), (lines, cuts) => {
      const whole = `${lines.map((part) => part.join('')).join('')}\n\n`
      const places = [0, ...cuts.map((cut) => cut % whole.length).toSorted((a, b) => a - b), whole.length]
      const parse = eventParser()
      const pieces = places.flatMap((from, at) => parse(whole.slice(from, places[at + 1] ?? from)))
      return JSON.stringify(pieces) === JSON.stringify(eventParser()(whole))
    }),
  )
})

t.test('an event without an end is refused before it fills the memory', async (t) => {
  const parse = eventParser()
  t.throws(() => {
    for (let count = 0; count < 10; count++) parse(`data: ${'x'.repeat(1 << 20)}`)
  }, /without an end/)
})
