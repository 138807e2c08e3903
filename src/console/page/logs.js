import { ansiPieces } from './ansi.js'
import { h, patch } from './dom.js'
/** @import { Api } from './api.js' */
/** @import { LogLine } from './types.d.ts' */

/** More lines than this are not kept: the oldest go. */
const MOST_LINES = 5000
const TAIL = 200
/** So near to the end is at the end. */
const NEAR_PX = 24
const HUES = 6

/**
 * The live log of an app, as an element that looks after itself: it follows the end until one scrolls up, keeps what comes while it is
 * paused, and shows what a container prints as text, whatever it is.
 * @param {{ api: Api, path: string, signal: AbortSignal }} options
 */
export function logPanel({ api, path, signal }) {
  const root = document.createElement('div')
  root.className = 'logs card'
  const lines = document.createElement('div')
  lines.className = 'lines'
  lines.tabIndex = 0
  lines.setAttribute('role', 'log')
  lines.setAttribute('aria-live', 'off')
  lines.setAttribute('aria-label', 'Log')
  /** @type {string[]} */
  let services = []
  let service = ''
  let paused = false
  let following = true
  let message = ''
  /** What came since the last time that anything was drawn. @type {LogLine[]} */
  let waiting = []
  let drawing = false
  let connection = new AbortController()

  const draw = () => {
    patch(root, [
      h(
        'div',
        { class: 'log-head' },
        h(
          'label',
          { key: 'service' },
          h('span', { class: 'unseen' }, 'Service'),
          h(
            'select',
            {
              onchange: (/** @type {globalThis.Event} */ { currentTarget }) => {
                if (currentTarget instanceof HTMLSelectElement) service = currentTarget.value
                connect()
              },
            },
            h('option', { value: '' }, 'All services'),
            ...services.map((name) => h('option', { key: name, value: name }, name)),
          ),
        ),
        h(
          'button',
          { type: 'button', key: 'pause', 'aria-pressed': String(paused), onclick: pauseOrGoOn },
          paused ? `Go on${waiting.length > 0 ? ` (${waiting.length})` : ''}` : 'Pause',
        ),
        h('button', { type: 'button', key: 'clear', onclick: clear }, 'Clear'),
        !following && h('button', { type: 'button', key: 'end', class: 'main', onclick: toEnd }, 'To the end'),
      ),
      message !== '' && h('p', { class: 'faint small log-message', key: 'message' }, message),
      lines,
    ])
  }

  const pauseOrGoOn = () => {
    paused = !paused
    if (!paused) later()
    draw()
  }
  const clear = () => {
    lines.replaceChildren()
    waiting = []
    draw()
  }
  const toEnd = () => {
    following = true
    lines.scrollTop = lines.scrollHeight
    draw()
  }
  const say = (/** @type {string} */ text) => {
    if (message === text) return
    message = text
    draw()
  }

  /** Draws what waits, all of it at once, when the browser draws next. */
  const later = () => {
    if (drawing) return
    drawing = true
    requestAnimationFrame(() => {
      drawing = false
      if (paused) return draw()
      lines.append(...waiting.map(lineOf))
      waiting = []
      const over = lines.childElementCount - MOST_LINES
      for (let count = 0; count < over; count++) lines.firstChild?.remove()
      if (following) lines.scrollTop = lines.scrollHeight
    })
  }

  const connect = () => {
    connection.abort()
    connection = new AbortController()
    const over = AbortSignal.any([signal, connection.signal])
    following = true
    message = 'Waiting for the first line …'
    lines.hidden = false
    clear()
    const query = `follow=true&tail=${TAIL}${service && `&service=${encodeURIComponent(service)}`}`
    api
      .follow(`${path}?${query}`, over, {
        onEvent({ event, data }) {
          if (event !== 'line') return
          waiting.push(JSON.parse(data))
          if (waiting.length > MOST_LINES) waiting.splice(0, waiting.length - MOST_LINES)
          if (message !== '') say('')
          later()
        },
        onState(state) {
          if (state === 'waiting') say('The connection is lost; trying again …')
          else if (state === 'crowded') say('Other windows have all connections; waiting for one …')
          else if (lines.childElementCount > 0) say('')
          else say('Waiting for the first line …')
        },
      })
      .catch((error) => {
        if (!over.aborted) {
          lines.hidden = lines.childElementCount === 0
          say(error.status === 404 ? 'There are no logs here.' : error.message)
        }
      })
  }

  let lastTop = 0
  lines.addEventListener('scroll', () => {
    const { scrollTop, scrollHeight, clientHeight } = lines
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX
    // Only who scrolls up leaves the end: new lines and a narrower window move it too.
    const follows = atEnd || (following && scrollTop >= lastTop)
    lastTop = scrollTop
    if (follows === following) return
    following = follows
    draw()
  })
  draw()
  connect()

  return {
    root,
    /** @param {string[]} names */
    setServices(names) {
      if (names.join() === services.join()) return
      services = names
      draw()
    },
  }
}

/** @param {LogLine} line */
function lineOf({ time, service, instance, stream, text, cut }) {
  const row = document.createElement('div')
  row.className = stream === 'stderr' ? 'line stderr' : 'line'
  const at = new Date(time)
  const clock = document.createElement('time')
  clock.textContent = Number.isNaN(at.getTime()) ? '' : at.toLocaleTimeString('en-GB')
  clock.title = time
  const who = document.createElement('span')
  who.className = `who hue-${hueOf(service)}`
  who.textContent = shortName(service, instance)
  who.title = instance
  const what = document.createElement('span')
  what.className = 'what'
  patch(what, [
    ...ansiPieces(text).map((piece) =>
      piece.classes === '' ? piece.text : h('span', { class: piece.classes }, piece.text),
    ),
    cut && h('span', { class: 'faint', title: 'The line is longer' }, ' …'),
  ])
  row.append(clock, ' ', who, ' ', what)
  return row
}

/** "web 2" of an instance's whole name, which has its ordinal before its digest. @param {string} service @param {string} instance */
function shortName(service, instance) {
  const [, ordinal] = /_(\d+)_[0-9a-f]+$/.exec(instance) ?? []
  return ordinal === undefined ? instance : `${service} ${ordinal}`
}

/** @param {string} service */
function hueOf(service) {
  let sum = 0
  for (const character of service) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973
  return sum % HUES
}
