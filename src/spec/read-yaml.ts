import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, YAMLParseError } from 'yaml'
import type { Alias, CST, Document, ParsedNode, Scalar, YAMLMap } from 'yaml'
import type { Json } from '../lib/canonical.ts'
import type { Budget } from './budget.ts'
import { LIMITS } from './limits.ts'
import { pointer } from './problems.ts'

/** What an anchor stands for, and what each use of it costs. */
interface Anchored {
  readonly value: Json
  readonly nodes: number
  readonly characters: number
  readonly height: number
}

interface Read {
  readonly value: Json
  /** Maps and lists within each other, from here on. */
  readonly height: number
}

/**
 * Reads one YAML 1.2 document (core schema, with merge keys) within the budget. The library only parses; aliases, merge
 * keys and duplicate keys are resolved here, because its own ways are quadratic in the number of aliases and keys.
 */
export function readYaml(text: string, budget: Budget): Json {
  const tokens = scan(text, budget)
  const lines = new LineCounter()
  const document = parse(tokens, text.length, lines, budget)
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}`
  }
  for (const error of [...document.errors, ...document.warnings].slice(0, 3)) {
    budget.problems.invalid('', `${at(error.pos[0])}: ${SYNTAX[error.code] ?? `not valid YAML (${error.code})`}`)
  }
  const { explicit, version } = document.directives.yaml
  if (explicit && version !== '1.2') budget.problems.invalid('', 'only YAML 1.2 is read; leave the %YAML directive out')
  budget.problems.throwIfAny()
  return document.contents === null ? null : new YamlReader(budget).read(document.contents, '', 0).value
}

/** What the library's codes mean. Its messages are not used: they quote the document. */
const SYNTAX: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'there is more than one document; send one',
  TAG_RESOLVE_FAILED:
    'this tag is not known; only the tags of YAML’s core schema are read (!reset and !override are not)',
  TAB_AS_INDENT: 'a tab can not indent; use spaces',
  BAD_INDENT: 'the indentation does not fit the lines around it',
  MISSING_CHAR: 'a character is missing here (a colon, a quote or a bracket)',
  BAD_ALIAS: 'this alias or anchor is not valid',
  UNEXPECTED_TOKEN: 'this does not belong here (between brackets, a value like ${NAME} needs quotes)',
  IMPOSSIBLE: 'this can not be read as YAML',
}

/** The tokens of a text. Counts them and their nesting, by the lexer alone, which is linear, before anything is built from them. */
function scan(text: string, budget: Budget): string[] {
  const tokens: string[] = []
  let flow = 0
  let compact = 0
  let aliases = 0
  let scalar = false
  for (const token of new Lexer().lex(text)) {
    if (tokens.push(token) > LIMITS.tokens)
      budget.problems.fail('', `the YAML text has more than ${LIMITS.tokens} tokens`)
    if (scalar) {
      scalar = false
      continue
    }
    if (token.startsWith('*') && ++aliases > LIMITS.aliases)
      budget.problems.fail('', `the YAML text has more than ${LIMITS.aliases} aliases`)
    if (token === '\u001f') scalar = true
    else if (token === '[' || token === '{') flow++
    else if (token === ']' || token === '}') flow--
    else if (token === '-' || token === '?' || token === ':') compact++
    else if (token.startsWith('\n') || token.startsWith('\r')) compact = 0
    // Between brackets, any number of colons may stand in one line.
    if (flow > LIMITS.depth || (flow === 0 && compact > LIMITS.depth)) {
      budget.problems.fail('', `maps and lists are nested deeper than ${LIMITS.depth}`)
    }
    if (flow > 0) compact = 0
  }
  return tokens
}

/** The one document that these tokens are; a second one is an error of the first. */
function parse(
  tokens: readonly string[],
  length: number,
  lines: LineCounter,
  budget: Budget,
): Document.Parsed<ParsedNode> {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  })
  try {
    const [document, second] = composer.compose(parsed(tokens, lines), true, length)
    if (document && second)
      document.errors.push(new YAMLParseError([second.range[0], second.range[1]], 'MULTIPLE_DOCS', ''))
    if (document) return document
  } catch {
    // As below.
  }
  return budget.problems.fail('', 'this can not be read as YAML')
}

/** What the library's parser makes of tokens: its own way in is a text, which it would take apart once more. */
function* parsed(tokens: readonly string[], lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const token of tokens) yield* parser.next(token)
  yield* parser.end()
}

class YamlReader {
  readonly #budget: Budget
  readonly #anchors = new Map<string, Anchored>()

  constructor(budget: Budget) {
    this.#budget = budget
  }

  read(node: ParsedNode | null, path: string, depth: number): Read {
    const budget = this.#budget
    if (node === null) {
      budget.spend(path, 1, 0)
      return { value: null, height: 0 }
    }
    if (isAlias(node)) return this.#alias(node, path, depth)
    const nodes = budget.nodes
    const characters = budget.characters
    const read = isMap(node)
      ? this.#map(node, path, depth)
      : isSeq(node)
        ? this.#list(node.items as ParsedNode[], path, depth)
        : { value: this.#scalar(node, path), height: 0 }
    if (node.anchor !== undefined) {
      this.#anchors.set(node.anchor, {
        ...read,
        nodes: budget.nodes - nodes,
        characters: budget.characters - characters,
      })
    }
    return read
  }

  #alias(node: Alias, path: string, depth: number): Read {
    const anchored = this.#anchors.get(node.source)
    if (!anchored)
      return this.#budget.problems.fail(path, 'the alias names no anchor before it, or one that holds the alias itself')
    this.#budget.depth(path, depth + anchored.height)
    this.#budget.spend(path, anchored.nodes, anchored.characters)
    return { value: anchored.value, height: anchored.height }
  }

  #list(items: readonly ParsedNode[], path: string, depth: number): Read {
    this.#budget.depth(path, depth + 1)
    this.#budget.list(path, items.length)
    this.#budget.spend(path, 1, 0)
    const read = items.map((item, index) => this.read(item, pointer(path, index), depth + 1))
    return { value: read.map(({ value }) => value), height: 1 + Math.max(0, ...read.map(({ height }) => height)) }
  }

  #map(node: YAMLMap.Parsed, path: string, depth: number): Read {
    const budget = this.#budget
    budget.depth(path, depth + 1)
    budget.map(path, node.items.length)
    budget.spend(path, 1, 0)
    const own = new Map<string, Json>()
    const merged = new Map<string, Json>()
    let height = 0
    let merges = 0
    for (const { key, value } of node.items) {
      if (isScalar(key) && key.value === '<<' && key.type === 'PLAIN') {
        if (++merges > 1) budget.problems.invalid(path, 'the merge key `<<` stands here twice; give it a list')
        const read = this.read(value, pointer(path, '<<'), depth)
        height = Math.max(height, read.height - 1)
        this.#merge(read.value, path, merged)
        continue
      }
      if (!isScalar(key) || typeof key.value !== 'string') {
        budget.problems.invalid(path, 'a key is not a string; put it in quotes')
        continue
      }
      const name = key.value
      if (own.has(name)) budget.problems.invalid(pointer(path, name), 'the key stands here twice')
      const read = this.read(value, pointer(path, name), depth + 1)
      height = Math.max(height, read.height)
      if (budget.key(path, name)) own.set(name, read.value)
    }
    for (const [name, value] of merged) if (!own.has(name)) own.set(name, value)
    budget.map(path, own.size)
    return { value: Object.fromEntries(own), height: height + 1 }
  }

  /** The first of several merged maps wins, and a map's own keys before all. */
  #merge(source: Json, path: string, merged: Map<string, Json>): void {
    const maps = Array.isArray(source) ? source : [source]
    for (const map of maps) {
      if (map === null || typeof map !== 'object' || Array.isArray(map)) {
        this.#budget.problems.invalid(path, 'the merge key `<<` takes a map or a list of maps')
        continue
      }
      for (const [name, value] of Object.entries(map)) if (!merged.has(name)) merged.set(name, value)
    }
  }

  #scalar(node: Scalar.Parsed, path: string): Json {
    const { value } = node
    if (typeof value === 'string') return this.#budget.string(path, value)
    if (typeof value === 'number') {
      if (/^[-+]?0\d/.test(node.source)) {
        this.#budget.problems.invalid(
          path,
          'a number with a leading 0 is octal to some readers and decimal to others; put it in quotes',
        )
      }
      return this.#budget.number(path, value)
    }
    this.#budget.spend(path, 1, 0)
    return typeof value === 'boolean' ? value : null
  }
}
