import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { AppError } from '../../../src/errors/app-error.ts'
import { canonicalJson } from '../../../src/lib/canonical.ts'
import { CAPABILITIES } from '../../../src/spec/compose-keys.ts'
import { type ComposeInput, parseCompose, serviceDigest } from '../../../src/spec/index.ts'

/** A document with the order of all its keys turned about. */
function turned(value: unknown, turn: (keys: string[]) => string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => turned(item, turn))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    turn(Object.keys(value)).map((key) => [key, turned((value as Record<string, unknown>)[key], turn)]),
  )
}

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/)
const text = fc.stringMatching(/^[A-Za-z0-9 =:.,/_-]{0,12}$/)
const map = fc.dictionary(word, text, { maxKeys: 4 })
const port = fc.record({
  target: fc.integer({ min: 1, max: 65_535 }),
  protocol: fc.constantFrom('tcp', 'udp'),
  published: fc.option(fc.integer({ min: 1, max: 65_535 })),
})
const mount = fc.record({
  source: fc.constantFrom('one', 'two'),
  target: word.map((name) => `/${name}`),
  readOnly: fc.boolean(),
})

/** What a service may say, in words of neither form. */
const service = fc.record({
  environment: map,
  labels: map,
  ports: fc.uniqueArray(port, {
    maxLength: 3,
    selector: ({ target, published, protocol }) => (published === null ? `free ${target}` : `${published}/${protocol}`),
  }),
  mounts: fc.uniqueArray(mount, { maxLength: 3, selector: ({ target }) => target }),
  graceSeconds: fc.integer({ min: 0, max: 3600 }),
  memoryMiB: fc.integer({ min: 6, max: 4096 }),
  command: fc.array(fc.stringMatching(/^[a-z0-9 ]{1,8}$/), { maxLength: 3 }),
  retries: fc.integer({ min: 1, max: 9 }),
  attempts: fc.integer({ min: 1, max: 9 }),
})

type Words = typeof service extends fc.Arbitrary<infer Value> ? Value : never

const list = (entries: Record<string, string>): string[] =>
  Object.entries(entries).map(([key, value]) => `${key}=${value}`)

function short(words: Words): unknown {
  return {
    image: 'a',
    environment: list(words.environment),
    labels: list(words.labels),
    ports: words.ports.map(
      ({ target, published, protocol }) => `${published === null ? '' : `${published}:`}${target}/${protocol}`,
    ),
    volumes: words.mounts.map(({ source, target, readOnly }) => `${source}:${target}${readOnly ? ':ro' : ''}`),
    stop_grace_period: `${words.graceSeconds}s`,
    mem_limit: `${words.memoryMiB}m`,
    command: words.command.map((part) => `'${part}'`).join(' '),
    healthcheck: { test: 'true', retries: words.retries },
    restart: `on-failure:${words.attempts}`,
    depends_on: ['b'],
  }
}

function long(words: Words): unknown {
  return {
    image: 'a',
    environment: words.environment,
    labels: words.labels,
    ports: words.ports.toReversed().map(({ target, published, protocol }) => ({
      target,
      protocol,
      ...(published === null ? {} : { published: String(published) }),
    })),
    volumes: words.mounts
      .toReversed()
      .map(({ source, target, readOnly }) => ({ type: 'volume', source, target, read_only: readOnly })),
    stop_grace_period: `${Math.floor(words.graceSeconds / 60)}m${words.graceSeconds % 60}s`,
    deploy: {
      resources: { limits: { memory: String(words.memoryMiB * 1024 ** 2) } },
      restart_policy: { condition: 'on-failure', max_attempts: words.attempts },
    },
    command: words.command,
    healthcheck: { test: ['CMD-SHELL', 'true'], retries: String(words.retries) },
    depends_on: { b: { condition: 'service_started' } },
  }
}

const app = (a: unknown): unknown => ({ services: { a, b: { image: 'b' } }, volumes: { one: null, two: {} } })

t.test('equal meaning has one digest: short and long forms, JSON and YAML, any order of keys', async () => {
  fc.assert(
    fc.property(service, fc.infiniteStream(fc.nat()), (words, numbers) => {
      const shuffle = (keys: string[]): string[] =>
        keys
          .map((key) => [numbers.next().value ?? 0, key] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, key]) => key)
      const one = parseCompose({ spec: app(short(words)) })
      const other = parseCompose({ compose: stringify(turned(app(long(words)), shuffle)) })
      return one.digest === other.digest && canonicalJson(one.spec) === canonicalJson(other.spec)
    }),
    { numRuns: 200 },
  )
})

t.test('another meaning has another digest', async () => {
  fc.assert(
    fc.property(service, service, (words, others) => {
      const [one, other] = [parseCompose({ spec: app(short(words)) }), parseCompose({ spec: app(short(others)) })]
      return (one.digest === other.digest) === (canonicalJson(one.spec) === canonicalJson(other.spec))
    }),
    { numRuns: 100 },
  )
})

/** Throws what is no AppError with a path for each problem, whatever the input. */
function survives(input: ComposeInput): boolean {
  try {
    parseCompose(input)
    return true
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return ['invalid_spec', 'unsupported'].includes(error.code) && (error.options.errors ?? []).length > 0
  }
}

t.test('any JSON is read or refused, never more', async () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (spec) => survives({ spec })),
    { numRuns: 500 },
  )
})

t.test('any value at any key of Compose is read or refused, never more', async () => {
  const keys = Object.keys(CAPABILITIES).map((pattern) => pattern.split('.'))
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>(
      '',
      '1',
      'default',
      '80:80',
      '1s',
      '${A:-b}',
      null,
      -1,
      0,
      1e21,
      [],
      {},
      [[]],
      [{}],
      [null],
      { default: null },
    ),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...keys), value), { minLength: 1, maxLength: 4 }), (members) => {
      const document: Record<string, unknown> = { services: { default: { image: 'a' } } }
      // A copy: a constant that is put twice would be changed for the runs after, and could come to hold itself.
      for (const [path, leaf] of members) put(document, path, structuredClone(leaf))
      return survives({ spec: document }) && survives({ compose: JSON.stringify(document) })
    }),
    { numRuns: 3000 },
  )
})

/** Puts a value at a pattern, with `default` for any name and one item in a list. */
function put(target: Record<string, unknown>, path: readonly string[], leaf: unknown): void {
  const [head = '', ...rest] = path
  const key = head === '*' ? 'default' : head.replace('[]', '')
  if (rest.length === 0) {
    target[key] = leaf
    return
  }
  const before = target[key]
  const next =
    typeof before === 'object' && before !== null && !Array.isArray(before) ? (before as Record<string, unknown>) : {}
  put(next, rest, leaf)
  target[key] = head.endsWith('[]') ? [next] : next
}

t.test('any text is read or refused, never more', async () => {
  const alphabet = fc.constantFrom(
    'a',
    ' ',
    '\n',
    '  ',
    ':',
    '- ',
    '&a ',
    '*a',
    '!',
    '!!str ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '#',
    '|',
    '>',
    '%',
    '<<: ',
    '? ',
    '---\n',
    '...\n',
    '\t',
    '0',
    '$',
    '${',
    'services:\n',
    '\ufeff',
    '\ud800',
  )
  fc.assert(
    fc.property(
      fc.array(alphabet, { maxLength: 60 }).map((parts) => parts.join('')),
      (compose) => survives({ compose }),
    ),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (compose) => survives({ compose })),
    { numRuns: 500 },
  )
})

t.test('nothing of a document reaches a prototype', async (t) => {
  const spec = JSON.parse(
    '{"services":{"a":{"image":"a","__proto__":{"polluted":1},"environment":{"constructor":"x","toString":"y"}}},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  ) as unknown
  t.ok(survives({ spec }))
  t.equal(({} as Record<string, unknown>)['polluted'], undefined)
  const { environment } =
    parseCompose({ compose: 'services: { a: { image: a, environment: { constructor: x, toString: y } } }' }).spec
      .services['a'] ?? {}
  t.strictSame(Object.entries(environment ?? {}), [
    ['constructor', 'x'],
    ['toString', 'y'],
  ])
})

t.test('a service’s digest is the part that forces its replacement', async (t) => {
  const digest = (more: Record<string, unknown>): string => {
    const { spec } = parseCompose({
      spec: { services: { a: { image: 'a', ...more }, b: { image: 'b' } }, volumes: { vol: null } },
    })
    return spec.services['a'] ? serviceDigest(spec.services['a']) : ''
  }
  const plain = digest({})
  for (const more of [
    { scale: 3 },
    { deploy: { update_config: { parallelism: 2, order: 'stop-first' } } },
    { depends_on: ['b'] },
    { pull_policy: 'always' },
  ]) {
    t.equal(digest(more), plain, JSON.stringify(more))
  }
  for (const more of [
    { image: 'c' },
    { command: 'x' },
    { environment: { A: 'b' } },
    { labels: { a: 'b' } },
    { ports: ['80'] },
    { volumes: ['vol:/v'] },
    { restart: 'no' },
    { stop_grace_period: '1s' },
    { mem_limit: '64M' },
    { healthcheck: { test: 'x' } },
  ]) {
    t.not(digest(more), plain, JSON.stringify(more))
  }
})
