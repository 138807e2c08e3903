/**
 * Splits a command line into words by the rules of a POSIX shell: white space outside quotes, '…' literally, "…" with
 * \ before $ ` " \ and line ends, \ elsewhere before any character. Nothing is expanded, operators are plain text.
 * null where a quote or an escape is left open.
 */
export function shellWords(line: string): string[] | null {
  const words: string[] = []
  let word: string | null = null
  let quote: '"' | "'" | null = null
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i)
    const next = line.charAt(i + 1)
    if (quote === "'") {
      if (char === "'") quote = null
      else word += char
    } else if (char === '\\' && (quote === null || '$`"\\\n'.includes(next) || next === '')) {
      if (next === '') return null
      if (next !== '\n') word = (word ?? '') + next
      i++
    } else if (quote === '"') {
      if (char === '"') quote = null
      else word += char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (char === ' ' || char === '\t' || char === '\n' || char === '\r') {
      if (word !== null) words.push(word)
      word = null
    } else {
      word = (word ?? '') + char
    }
  }
  if (quote !== null) return null
  if (word !== null) words.push(word)
  return words
}
