/**
 * Words of a command as a program is to get them. Kubernetes puts variables in the place of `$(NAME)`, takes `$$` for `$`, and breaks a
 * character beyond ASCII that comes after a `$`; where it would, the `$` is doubled.
 */
export function verbatim(words: readonly string[]): string[] {
  return words.map((word) => word.replaceAll(/\$(?=[$(]|\P{ASCII})/gu, '$$$$'))
}
