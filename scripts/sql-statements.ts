/** One statement of a script: its text with the comment lines above it, and its meaning for comparison. */
export interface SqlStatement {
  readonly text: string
  /** Without comments, each run of white space one blank. */
  readonly meaning: string
}

/** What a semicolon doesn't end: comments, quoted texts and names, dollar-quoted bodies. */
const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$[A-Za-z_]*\$)[\s\S]*?\1|;|[^-/'"$;]+|./g

/** Splits a SQL script into its statements. A comment belongs to the statement right below it. */
export function sqlStatements(script: string): SqlStatement[] {
  const statements: SqlStatement[] = []
  let text = ''
  let meaning = ''
  for (const [token] of script.matchAll(TOKEN)) {
    text += token
    if (token.startsWith('--') || token.startsWith('/*')) continue
    meaning += token
    if (token !== ';') continue
    statements.push({
      text: text.trim().replace(/^(?:--[^\n]*\n)+\n+/, ''),
      meaning: meaning.replaceAll(/\s+/g, ' ').trim(),
    })
    text = ''
    meaning = ''
  }
  if (meaning.trim() !== '') throw new Error(`the last statement has no semicolon: ${meaning.trim().slice(0, 80)}`)
  return statements
}
