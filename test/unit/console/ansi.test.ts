import fc from 'fast-check'
import t from 'tap'
import { ansiPieces } from '../../../src/console/page/ansi.js'

t.test('colours and weights become classes, and end where they end', async (t) => {
  t.same(ansiPieces('plain'), [{ text: 'plain', classes: '' }])
  t.same(ansiPieces('\x1b[1;31mred\x1b[39m bold\x1b[0m none'), [
    { text: 'red', classes: 'bold ansi-red' },
    { text: ' bold', classes: 'bold' },
    { text: ' none', classes: '' },
  ])
  t.same(ansiPieces('\x1b[94mbright\x1b[m.'), [
    { text: 'bright', classes: 'ansi-blue bright' },
    { text: '.', classes: '' },
  ])
  t.same(ansiPieces('\x1b[38;5;2mgreen\x1b[38;2;1;2;3;4munderlined'), [
    { text: 'green', classes: 'ansi-green' },
    { text: 'underlined', classes: 'ansi-green underlined' },
  ])
})

t.test('what moves a cursor, sets a title or rings a bell is taken out', async (t) => {
  const text = (line: string) =>
    ansiPieces(line)
      .map((piece) => piece.text)
      .join('')
  t.equal(text('a\x1b[2Jb\x1b[10;10Hc\x07d\re'), 'abcde')
  t.equal(text('a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\link'), 'ablink')
  t.equal(text('a\x1b(Bb\x1bMc\x1b'), 'abc')
  t.equal(text('tab\tstays'), 'tab\tstays')
})

t.test('any text gives pieces without control characters, with known classes, and quickly', async (t) => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('\x1b[', '\x1b]', ';', '38', '5', 'm', '1', '\x1b', '\x07', '[0m'),
  )
  fc.assert(
    fc.property(fc.array(piece), (parts) => {
      for (const { text, classes } of ansiPieces(parts.join('')))
        // oxlint-disable-next-line eslint/no-control-regex -- they are what must not be there
        if (/[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(text) || !/^[a-z -]*$/.test(classes)) return false
      return true
    }),
  )
  const start = performance.now()
  for (const part of ['\x1b]', '\x1b[1', '\x1b[31m', '\x1b[38;5;']) ansiPieces(part.repeat(20_000))
  t.ok(performance.now() - start < 2000)
})
