import t from 'tap'
import { canonicalIp, canonicalPath, isHostName, isImage, isName } from '../../../src/spec/names.ts'
import { shellWords } from '../../../src/spec/shell-words.ts'
import { parseBytes, parseDecimal, parseDuration } from '../../../src/spec/units.ts'

function table<Out>(name: string, parse: (text: string) => Out, rows: Readonly<Record<string, Out>>): void {
  t.test(name, async (t) => {
    for (const [text, expected] of Object.entries(rows)) t.strictSame(parse(text), expected, JSON.stringify(text))
  })
}

table('durations are nanoseconds', parseDuration, {
  '1m30s': 90e9,
  '1.5s': 1.5e9,
  '.5s': 0.5e9,
  '500ms': 0.5e9,
  '1h1m1s': 3661e9,
  '1us': 1000,
  '1µs': 1000,
  '3ns': 3,
  '1d': 86400e9,
  '0': 0,
  '0s': 0,
  '': null,
  '10': null,
  s: null,
  '-1s': null,
  '1 s': null,
  '1s ': null,
  '1x': null,
  '1..5s': null,
  '1e3s': null,
  [`${'1'.repeat(99)}s`]: null,
})

table('sizes are bytes, in binary units', parseBytes, {
  '0': 0,
  '5': 5,
  '5b': 5,
  '1k': 1024,
  '1KB': 1024,
  '1KiB': 1024,
  '128M': 134217728,
  '1gb': 2 ** 30,
  '1.5g': 1.5 * 2 ** 30,
  '1t': 2 ** 40,
  '2 m': 2 ** 21,
  '': null,
  '-1': null,
  k: null,
  '1kk': null,
  '1e3': null,
  '1 000': null,
  '1.': null,
  ' 1': null,
})

table('decimals', parseDecimal, {
  '0.5': 0.5,
  '.5': 0.5,
  '2': 2,
  '2.': 2,
  '-1': -1,
  '': null,
  '1e3': null,
  '0x1': null,
  Infinity: null,
  '1,5': null,
})

table('commands are split like a shell does', shellWords, {
  '': [],
  '  a   b ': ['a', 'b'],
  "'a b' c": ['a b', 'c'],
  '"a b"c': ['a bc'],
  'a\\ b': ['a b'],
  "''": [''],
  '""x': ['x'],
  '"a\\"b"': ['a"b'],
  '"a\\nb"': ['a\\nb'],
  "'a\\'": ['a\\'],
  'a && b | c > d': ['a', '&&', 'b', '|', 'c', '>', 'd'],
  'a #b': ['a', '#b'],
  '$X `y`': ['$X', '`y`'],
  'a\nb\tc': ['a', 'b', 'c'],
  'a\\\nb': ['ab'],
  '"': null,
  "'": null,
  'a\\': null,
  '"a\\': null,
})

table('addresses have one form', canonicalIp, {
  '10.0.0.1': '10.0.0.1',
  '::1': '::1',
  '0:0::1': '::1',
  '[::1]': '::1',
  'FE80::A': 'fe80::a',
  '::ffff:1.2.3.4': '::ffff:102:304',
  '': null,
  '1.2.3': null,
  '01.2.3.4': null,
  '1.2.3.256': null,
  localhost: null,
  '1': null,
  '[1.2.3.4]': null,
  '::1/64': null,
  ':::': null,
  'a]b': null,
})

table('mount targets have one form', canonicalPath, {
  '/a': '/a',
  '/a/': '/a',
  '//a/./b': '/a/b',
  '/': null,
  '/.': null,
  '': null,
  a: null,
  './a': null,
  '/a/..': null,
  '/a/../b': null,
  '/..a': '/..a',
})

table('names of services', isName, {
  a: true,
  my_db: true,
  'A.b-c': true,
  '0': true,
  '-a': false,
  '': false,
  'a b': false,
  'a/b': false,
  toString: false,
  [`${'a'.repeat(64)}`]: false,
})
table('host names', isHostName, {
  a: true,
  'a.b-c': true,
  my_db: true,
  '': false,
  'a.': false,
  '-a': false,
  'a b': false,
  'a/b': false,
})
table('images', isImage, {
  a: true,
  'a:1': true,
  'r.example:5000/a/b@sha256:0': true,
  '': false,
  ' a': false,
  'a:': false,
  '/a': false,
  'a//b': false,
  '-a': false,
})
