/** @import { StreamEvent } from './types.d.ts' */

/** More than any event of ours: a line that never ends must not fill the memory. */
const MOST = 1 << 22

/**
 * Reads `text/event-stream` in pieces, as the standard has it (html.spec.whatwg.org, 9.2.6): each call gives the events that the piece
 * completes. An id holds until the next one.
 * @returns {(piece: string) => StreamEvent[]}
 */
export function eventParser() {
  let rest = ''
  let first = true
  /** @type {string | null} */
  let id = null
  let event = ''
  /** @type {string[]} */
  let data = []

  return (piece) => {
    rest += first ? piece.replace(/^\uFEFF/, '') : piece
    first &&= piece === ''
    // A \r at the end may be the first half of \r\n.
    const whole = rest.endsWith('\r') ? rest.slice(0, -1) : rest
    const lines = whole.split(/\r\n|\r|\n/)
    const open = lines.pop() ?? ''
    rest = rest.slice(whole.length - open.length)
    if (rest.length > MOST) throw new Error('an event without an end')
    /** @type {StreamEvent[]} */
    const events = []
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) events.push({ id, event: event || 'message', data: data.join('\n') })
        event = ''
        data = []
        continue
      }
      const colon = line.indexOf(':')
      const field = colon === -1 ? line : line.slice(0, colon)
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'data') data.push(value)
      else if (field === 'event') event = value
      else if (field === 'id' && !value.includes('\0')) id = value
    }
    return events
  }
}
