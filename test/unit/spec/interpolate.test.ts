import t from 'tap'
import { parseCompose } from '../../../src/spec/index.ts'
import { outcome } from './outcome.ts'

const VARIABLES = { A: 'a', EMPTY: '', N: '3', DOLLAR: '$A', B: 'bee' }

function command(text: string): readonly string[] | null {
  const spec = { services: { web: { image: 'a', command: [text] } } }
  return parseCompose({ spec, variables: VARIABLES }).spec.services['web']?.command ?? null
}

const FORMS: Readonly<Record<string, string>> = {
  plain: 'plain',
  $A: 'a',
  '${A}': 'a',
  'x${A}y$B.z': 'xaybee.z',
  $$A: '$A',
  $$$A: '$a',
  '$${A}': '${A}',
  '${A:-d}': 'a',
  '${A-d}': 'a',
  '${EMPTY:-d}': 'd',
  '${EMPTY-d}': '',
  '${NONE:-d}': 'd',
  '${NONE-d}': 'd',
  '${NONE:-}': '',
  '${EMPTY}': '',
  '${A:?must}': 'a',
  '${EMPTY?must}': '',
  '${A:+other}': 'other',
  '${EMPTY:+other}': '',
  '${EMPTY+other}': 'other',
  '${NONE+other}': '',
  '${NONE:+other}': '',
  '${NONE:-${B}}': 'bee',
  '${NONE:-x${NONE:-y$A}z}': 'xyaz',
  '${A:-${NONE:?never asked}}': 'a',
  '${NONE:-$$}': '$',
  '${NONE:-a-b:c?d}': 'a-b:c?d',
  $DOLLAR: '$A',
  '${NONE:-{}}': '{}',
}

for (const [template, expected] of Object.entries(FORMS)) {
  t.test(`${template} becomes ${expected}`, async (t) => t.strictSame(command(template), [expected]))
}

for (const template of [
  '$NONE',
  '${NONE}',
  '${NONE:?}',
  '${NONE?x}',
  '${EMPTY:?x}',
  '${NONE:-$ALSO}',
  '$',
  '$ A',
  '${',
  '${}',
  '${A',
  '${A:x}',
  '${1}',
  '$1',
  '${A b}',
  '${NONE:-${A}',
]) {
  t.test(`${template} must be told with its path`, async (t) => {
    const { code, paths } = outcome(
      JSON.stringify({ services: { web: { image: 'a', environment: { X: template } } } }),
      VARIABLES,
    )
    t.equal(code, 'invalid_spec')
    t.strictSame(paths, ['/services/web/environment/X'])
  })
}

t.test('the server’s environment is never read', async (t) => {
  process.env['MOORAGE_TEST_LEAK'] = 'leaked'
  t.teardown(() => delete process.env['MOORAGE_TEST_LEAK'])
  t.equal(outcome('services: { web: { image: a, command: "$MOORAGE_TEST_LEAK" } }').code, 'invalid_spec')
  t.equal(outcome('services: { web: { image: a, environment: [MOORAGE_TEST_LEAK] } }').code, 'invalid_spec')
  t.equal(outcome('services: { web: { image: a, command: "${constructor}${__proto__}" } }').code, 'invalid_spec')
})

t.test('a text becomes the number or the boolean that its key wants', async (t) => {
  const compose =
    'services: { web: { image: a, scale: "$N", tty: "${TTY}", mem_limit: "${N}0M", ports: ["80$N:${N}"], ulimits: { nofile: "$N" }, healthcheck: { test: x, retries: "$N" } } }'
  const web = parseCompose({ compose: compose.replace('80$N:', ''), variables: { N: '3', TTY: 'true' } }).spec.services[
    'web'
  ]
  t.match(web, {
    replicas: 3,
    tty: true,
    resources: { memoryBytes: 30 * 1024 ** 2 },
    ports: [{ containerPort: 3 }],
    ulimits: { nofile: { soft: 3 } },
    healthcheck: { retries: 3 },
  })
})

t.test('keys are not interpolated', async (t) => {
  const { spec } = parseCompose({
    compose: 'services: { web: { image: a, environment: { $A: $A } } }',
    variables: VARIABLES,
  })
  t.strictSame(spec.services['web']?.environment, { $A: 'a' })
})
