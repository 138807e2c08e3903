/**
 * TypeScript source with parts of it blanked out, every other character and every line break in its place. A scanner,
 * not a parser: enough to look for words in code without meeting them in comments and strings.
 */

type Part = 'code' | 'comment' | 'string'

/** The text with spaces for its comments. */
export function withoutComments(source: string): string {
  return blank(source, 'comment')
}

/** The text with spaces for what is inside its strings; the code inside a template's `${}` stays. */
export function withoutStrings(source: string): string {
  return blank(source, 'string')
}

function blank(source: string, part: Part): string {
  let result = ''
  for (const token of scan(source)) result += token.part === part ? token.text.replaceAll(/[^\n]/g, ' ') : token.text
  return result
}

/** A `/` after one of these begins a regular expression, not a division. */
const BEFORE_REGEX = /(^|[(,=:[!&|?{};+\-*%~^<>]|\b(return|typeof|case|in|of|do|else|void|throw|await|yield))\s*$/
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y
const QUOTED = /'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"/y
const TEMPLATE_TEXT = /(?:\\[^]|\$(?!\{)|[^`\\$])*/y

function* scan(source: string): Generator<{ part: Part; text: string }> {
  /** Open braces within each template's `${}` that we are inside of. */
  const templates: number[] = []
  let at = 0
  let before = ''
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const text = pattern.exec(source)?.[0] ?? null
    if (text !== null) at += text.length
    return text
  }
  while (at < source.length) {
    const comment = take(COMMENT)
    if (comment !== null) {
      yield { part: 'comment', text: comment }
      continue
    }
    const literal = take(QUOTED) ?? (BEFORE_REGEX.test(before) ? take(REGEX) : null)
    if (literal !== null) {
      yield { part: 'code', text: literal.slice(0, 1) }
      yield { part: 'string', text: literal.slice(1, -1) }
      yield { part: 'code', text: literal.slice(-1) }
      before = 'x'
      continue
    }
    const char = source.charAt(at++)
    const depth = templates.at(-1)
    if (char === '{' && depth !== undefined) templates[templates.length - 1] = depth + 1
    if (char === '}' && depth !== undefined && depth > 0) templates[templates.length - 1] = depth - 1
    yield { part: 'code', text: char }
    before = (before + char).slice(-20)
    if (char === '`' || (char === '}' && depth === 0)) {
      if (char === '}') templates.pop()
      yield { part: 'string', text: take(TEMPLATE_TEXT) ?? '' }
      if (source.startsWith('${', at)) {
        templates.push(0)
        yield { part: 'code', text: '${' }
        before = '{'
        at += 2
      } else {
        yield { part: 'code', text: source.charAt(at++) }
        before = 'x'
      }
    }
  }
}
