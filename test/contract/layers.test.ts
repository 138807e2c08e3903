import t from 'tap'
import { checkFile } from '../../scripts/check-layers.ts'
import { withoutComments, withoutStrings } from '../../scripts/source-text.ts'

const messages = (file: string, text: string): string[] => checkFile(file, text).map(({ message }) => message)

/** A file that breaks a rule, what the message must say, and (where it needs one) a neighbour that is fine. */
const RULES: readonly {
  name: string
  file: string
  bad: string
  says: RegExp
  fine: readonly [file: string, text: string]
}[] = [
  {
    name: 'a lower room imports no higher one',
    file: 'src/lib/ids.ts',
    bad: "import { AppError } from '../errors/app-error.ts'",
    says: /imports run one way/,
    fine: ['src/spec/parse.ts', "import { AppError } from '../errors/app-error.ts'"],
  },
  {
    name: 'a re-export is an import',
    file: 'src/drivers/driver.ts',
    bad: "export { page } from '../web/index.ts'",
    says: /imports run one way/,
    fine: ['src/web/index.ts', "export { page } from '../db/index.ts'"],
  },
  {
    name: 'a type import is an import',
    file: 'src/db/types.ts',
    bad: "import type { Page } from '../web/index.ts'",
    says: /imports run one way/,
    fine: ['src/web/a.ts', "import type { Tx } from '../db/index.ts'"],
  },
  {
    name: 'a dynamic import is an import',
    file: 'src/db/index.ts',
    bad: "const x = await import('../runner/index.ts')",
    says: /imports run one way/,
    fine: ['src/runner/a.ts', "const x = await import('../db/index.ts')"],
  },
  {
    name: 'an import over several lines is an import',
    file: 'src/events/a.ts',
    bad: "import {\n  one,\n  two,\n} from '../modules/apps/index.ts'",
    says: /imports run one way/,
    fine: ['src/http/a.ts', "import {\n  one,\n  two,\n} from '../modules/apps/index.ts'"],
  },
  {
    name: 'neighbours on one floor do not import each other',
    file: 'src/http/a.ts',
    bad: "import { run } from '../runner/index.ts'",
    says: /imports run one way/,
    fine: ['src/planning/a.ts', "import { spec } from '../spec/index.ts'"],
  },
  {
    name: 'spec does not know planning',
    file: 'src/spec/a.ts',
    bad: "import { plan } from '../planning/index.ts'",
    says: /imports run one way/,
    fine: ['src/spec/a.ts', "import { b } from './b.ts'"],
  },
  {
    name: 'only main imports wiring',
    file: 'src/http/a.ts',
    bad: "import { createRuntime } from '../wiring.ts'",
    says: /parts passed/,
    fine: ['src/main.ts', "import { createRuntime } from './wiring.ts'"],
  },
  {
    name: 'src depends on nothing outside it',
    file: 'src/http/a.ts',
    bad: "import { lab } from '../../test/lab/run.ts'",
    says: /nothing outside it/,
    fine: ['src/http/a.ts', "import { b } from './b.ts'"],
  },
  {
    name: 'modules meet at their index',
    file: 'src/modules/apps/a.ts',
    bad: "import { x } from '../tenants/tenants.repository.ts'",
    says: /index\.ts alone/,
    fine: ['src/modules/apps/a.ts', "import { x } from '../tenants/index.ts'"],
  },
  {
    name: 'spec reads no file',
    file: 'src/spec/a.ts',
    bad: "import { readFileSync } from 'node:fs'",
    says: /is pure/,
    fine: ['src/spec/a.ts', "import { isIPv4 } from 'node:net'"],
  },
  {
    name: 'planning opens no socket',
    file: 'src/planning/a.ts',
    bad: "import { connect } from 'node:net'",
    says: /is pure/,
    fine: ['src/drivers/docker/a.ts', "import { connect } from 'node:net'"],
  },
  {
    name: 'planning reads no clock',
    file: 'src/planning/a.ts',
    bad: 'const at = Date.now()',
    says: /equal output/,
    fine: ['src/runner/a.ts', 'const at = Date.now()'],
  },
  {
    name: 'spec rolls no dice',
    file: 'src/spec/a.ts',
    bad: 'const at = Math.random()',
    says: /equal output/,
    fine: ['src/lib/a.ts', 'const at = Math.random()'],
  },
  {
    name: 'only the Docker driver knows dockerode',
    file: 'src/observer/a.ts',
    bad: "import Docker from 'dockerode'",
    says: /Driver's words/,
    fine: ['src/drivers/docker/a.ts', "import Docker from 'dockerode'"],
  },
  {
    name: 'only db opens connections',
    file: 'src/modules/apps/a.ts',
    bad: "import pg from 'pg'",
    says: /one place/,
    fine: ['src/db/a.ts', "import pg from 'pg'"],
  },
  {
    name: 'only db and repositories import the generated client',
    file: 'src/modules/apps/apps.service.ts',
    bad: "import { Prisma } from '../../db/generated/client.ts'",
    says: /repositories/,
    fine: ['src/modules/apps/apps.repository.ts', "import { Prisma } from '../../db/generated/client.ts'"],
  },
  {
    name: 'only config reads the environment',
    file: 'src/http/a.ts',
    bad: 'const x = process.env.X',
    says: /docs\/settings\.md/,
    fine: ['src/config.ts', 'const x = process.env.X'],
  },
  {
    name: 'the environment has no back door',
    file: 'src/http/a.ts',
    bad: "import { env } from 'node:process'",
    says: /global here/,
    fine: ['src/main.ts', 'loadConfig(process.env)'],
  },
  {
    name: 'only main ends the process',
    file: 'src/runner/a.ts',
    bad: 'process.exit(1)',
    says: /src\/main\.ts/,
    fine: ['src/main.ts', 'process.exit(1)'],
  },
  {
    name: 'no module-level state',
    file: 'src/runner/a.ts',
    bad: 'let count = 0',
    says: /module-level state/,
    fine: ['src/runner/a.ts', 'function f() {\n  let count = 0\n}'],
  },
  {
    name: 'no default exports',
    file: 'src/runner/a.ts',
    bad: 'export default 1',
    says: /default export/,
    fine: ['src/http/plugin.ts', 'export default plugin'],
  },
  {
    name: 'no Manager',
    file: 'src/runner/a.ts',
    bad: 'class LeaseManager {}',
    says: /say what it does/,
    fine: ['src/runner/a.ts', 'class Lease {}'],
  },
  { name: 'no utils', file: 'src/lib/utils.ts', bad: '', says: /named after nothing/, fine: ['src/lib/clock.ts', ''] },
  {
    name: 'files are kebab-case',
    file: 'src/lib/myClock.ts',
    bad: '',
    says: /kebab-case/,
    fine: ['src/lib/my-clock.ts', ''],
  },
  {
    name: 'a new room needs a floor',
    file: 'src/attic/a.ts',
    bad: '',
    says: /no known room/,
    fine: ['src/lib/a.ts', ''],
  },
  {
    name: 'no file over 400 lines',
    file: 'test/a.test.ts',
    bad: 'x\n'.repeat(401),
    says: /400 is the most/,
    fine: ['test/a.test.ts', 'x\n'.repeat(400)],
  },
]

for (const { name, file, bad, says, fine } of RULES) {
  t.test(`${name}: the check fails, with the reason`, async (t) => {
    const found = messages(file, bad)
    t.equal(found.length, 1, found.join('; '))
    t.match(found[0], says)
    t.strictSame(messages(...fine), [])
  })
}

t.test('words in comments and strings break no rule', async (t) => {
  const text = [
    "// import x from 'dockerode' and process.exit(1)",
    '/* process.env\n   Date.now() */',
    "const a = 'process.env.HOME'",
    'const b = `process.exit(1) ${`Math.random() ${1}`} Date.now()`',
    'const c = /[\'"`]/.test(a) // a quote in a regular expression opens no string',
  ].join('\n')
  t.strictSame(messages('src/planning/a.ts', text), [])
})

t.test('code inside a template is code', async (t) => {
  t.equal(messages('src/planning/a.ts', 'const a = `${ { b: `x` } } at ${Date.now()}`').length, 1)
})

t.test('a violation names its line', async (t) => {
  t.equal(checkFile('src/runner/a.ts', "/* one\n two */\nconst a = 'x'\n  process.exit(1)\n")[0]?.line, 4)
})

t.test('blanking keeps every other character in its place', async (t) => {
  const source = 'const a = "b" // c\nconst d = `e${f}g` / 2 /* h\n */ + 1\n'
  t.equal(withoutComments(source), 'const a = "b"     \nconst d = `e${f}g` / 2     \n    + 1\n')
  t.equal(withoutStrings(source), 'const a = " " // c\nconst d = ` ${f} ` / 2 /* h\n */ + 1\n')
})
