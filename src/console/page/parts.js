import { h } from './dom.js'
import { agoText, spaced } from './text.js'
/** @import { Child } from './dom.js' */

/** The tone of every word that a status, a state or a health may be: colour goes with the word, and never alone. */
const TONES = /** @type {Record<string, string>} */ ({
  running: 'good',
  succeeded: 'good',
  ready: 'good',
  healthy: 'good',
  completed: 'calm',
  stopped: 'calm',
  cancelled: 'calm',
  exited: 'calm',
  progressing: 'busy',
  starting: 'busy',
  pending: 'busy',
  queued: 'busy',
  rolled_back: 'warn',
  degraded: 'warn',
  drifted: 'warn',
  suspect: 'warn',
  unhealthy: 'warn',
  orphan: 'warn',
  failed: 'bad',
  missing: 'bad',
  unreachable: 'bad',
})

/** @param {string} word @param {string} [tone] */
export function status(word, tone = TONES[word] ?? 'calm') {
  return h('span', { class: `status ${tone}` }, h('span', { class: 'dot', 'aria-hidden': 'true' }), spaced(word))
}

/** An operation's status: one that runs is not yet good. @param {{ status: string, reason: string | null }} operation */
export function operationStatus({ status: word, reason }) {
  return h(
    'span',
    { class: 'of-operation' },
    status(word, word === 'running' ? 'busy' : undefined),
    reason !== null && h('span', { class: 'faint' }, spaced(reason)),
  )
}

/** @param {string | null} time @param {number} now @param {string} [none] */
export function when(time, now, none = 'never') {
  return time === null
    ? h('span', { class: 'faint' }, none)
    : h(
        'time',
        { datetime: time, title: new Date(time).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'long' }) },
        agoText(time, now),
      )
}

/**
 * How much of something is taken, as a bar and in words.
 * @param {{ label: string, share: number | null, text: string }} values
 */
export function bar({ label, share, text }) {
  const percent = share === null ? 0 : Math.round(share * 100)
  const tone = percent > 90 ? 'bad' : percent > 75 ? 'warn' : ''
  return h(
    'div',
    { class: 'bar-row' },
    h('span', { class: 'faint' }, label),
    h('span', { class: 'figure' }, text),
    share !== null &&
      h(
        'div',
        {
          class: `bar ${tone}`,
          role: 'meter',
          'aria-label': label,
          'aria-valuemin': 0,
          'aria-valuemax': 100,
          'aria-valuenow': Math.min(percent, 100),
          'aria-valuetext': text,
        },
        h('div', { class: 'fill', style: { width: `${Math.min(percent, 100)}%` } }),
      ),
  )
}

/** @param {string} title @param {Child} aside @param {...Child} children */
export function section(title, aside, ...children) {
  const id = `section-${title.toLowerCase().replaceAll(' ', '-')}`
  return h(
    'section',
    { key: id, class: id, 'aria-labelledby': id },
    h('div', { class: 'section-head' }, h('h2', { id }, title), aside),
    ...children,
  )
}

/** What to do where nothing is. @param {string} text @param {...Child} more */
export function empty(text, ...more) {
  return h('div', { class: 'empty' }, h('p', null, text), ...more)
}

/** @param {string} text @param {() => void} [again] */
export function trouble(text, again) {
  return h(
    'div',
    { class: 'notice bad', role: 'alert', key: 'trouble' },
    h('p', null, text),
    again && h('button', { type: 'button', onclick: again }, 'Try again'),
  )
}

/** Where the first answer is still awaited. */
export function loading() {
  return h('p', { class: 'faint loading', key: 'loading' }, 'Loading …')
}

/** @param {Record<string, string>} labels */
export function labelList(labels) {
  const entries = Object.entries(labels)
  return (
    entries.length > 0 &&
    h(
      'ul',
      { class: 'labels', 'aria-label': 'Labels' },
      ...entries.map(([name, value]) => h('li', { key: name }, value === '' ? name : `${name}: ${value}`)),
    )
  )
}

/** @param {string} [tenant] @param {string} [app] */
export function link(tenant, app) {
  if (tenant === undefined) return '#/'
  const path = `#/t/${encodeURIComponent(tenant)}`
  return app === undefined ? path : `${path}/a/${encodeURIComponent(app)}`
}
