const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']
/** Escape sequences of terminals: CSI with its parameters, OSC and its kin up to their end, and the short ones. */
const SEQUENCE =
  // oxlint-disable-next-line eslint/no-control-regex -- they are what is looked for
  /\x1b\[([\x30-\x3f]*)[\x20-\x2f]*([\x40-\x7e])|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[\x20-\x2f]*[\x30-\x7e]?/g
// oxlint-disable-next-line eslint/no-control-regex -- they are what is taken out
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g

/**
 * A line as a terminal would colour it: pieces of text with the names of classes. Colours (the 16, and of the 256 the first 16), bold, dim,
 * italic and underlined are kept; all other sequences and control characters are taken out, so that no line moves anything.
 * @param {string} line
 * @returns {{ text: string, classes: string }[]}
 */
export function ansiPieces(line) {
  /** @type {{ text: string, classes: string }[]} */
  const pieces = []
  /** @type {Map<string, string>} */
  const styles = new Map()
  let at = 0
  /** @param {number} to */
  const take = (to) => {
    const text = line.slice(at, to).replace(CONTROLS, '')
    if (text !== '') pieces.push({ text, classes: [...styles.values()].join(' ') })
  }
  for (const match of line.matchAll(SEQUENCE)) {
    take(match.index)
    at = match.index + match[0].length
    if (match[2] === 'm') applyStyles(match[1] ?? '', styles)
  }
  take(line.length)
  return pieces
}

/** @param {string} parameters @param {Map<string, string>} styles */
function applyStyles(parameters, styles) {
  const codes = parameters.split(/[;:]/).map(Number)
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0
    if (code === 38 || code === 48) {
      const [mode, number] = [codes[at + 1], codes[at + 2] ?? 16]
      at += mode === 5 ? 2 : 4
      if (code === 38 && mode === 5 && number < 16) styles.set('colour', colourClass(number % 8, number > 7))
    } else if (code === 0) styles.clear()
    else if (code === 1) styles.set('weight', 'bold')
    else if (code === 2) styles.set('weight', 'dim')
    else if (code === 3) styles.set('slant', 'italic')
    else if (code === 4) styles.set('line', 'underlined')
    else if (code === 22) styles.delete('weight')
    else if (code === 23) styles.delete('slant')
    else if (code === 24) styles.delete('line')
    else if (code === 39) styles.delete('colour')
    else if (code >= 30 && code <= 37) styles.set('colour', colourClass(code - 30, false))
    else if (code >= 90 && code <= 97) styles.set('colour', colourClass(code - 90, true))
  }
}

/** @param {number} number @param {boolean} bright */
function colourClass(number, bright) {
  return `ansi-${COLOURS[number]}${bright ? ' bright' : ''}`
}
