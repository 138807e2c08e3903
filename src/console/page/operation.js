import { h } from './dom.js'
import { link, operationStatus, status, when } from './parts.js'
import { durationText, spaced } from './text.js'
/** @import { Operation, Step } from './types.d.ts' */

/** Of the steps, how many are shown at once; those before are a click away. */
const STEPS = 30

/**
 * @param {string} tenant
 * @param {Operation} operation
 * @param {{ now: number, step?: string | undefined, chosen?: boolean, withApp?: boolean }} options
 */
export function operationRow(tenant, operation, { now, step, chosen = false, withApp = true }) {
  const { id, kind, app, release, createdAt, startedAt, finishedAt } = operation
  const href = app === null ? undefined : `${link(tenant, app)}/o/${id}`
  const active = finishedAt === null
  return h(
    'li',
    { key: id },
    h(
      'a',
      { class: 'row', href, 'aria-current': chosen && 'true' },
      h(
        'span',
        { class: 'row-main' },
        h('strong', null, kind),
        withApp && app !== null && ` ${app}`,
        release !== null && h('span', { class: 'faint' }, ` release ${release}`),
      ),
      operationStatus(operation),
      h(
        'span',
        { class: 'faint small row-more' },
        active && step !== undefined
          ? step
          : [
              when(createdAt, now),
              startedAt !== null && finishedAt !== null && `, took ${durationText(startedAt, finishedAt, now)}`,
            ],
      ),
    ),
  )
}

/** An operation with its steps, as they happen. @param {Operation} operation @param {number} now */
export function operationDetail(operation, now) {
  const { id, kind, release, startedAt, finishedAt, createdAt, attempts, nextAttemptAt, requestedBy, error, plan } =
    operation
  const steps = operation.steps ?? []
  const before = steps.slice(0, -STEPS)
  const hosts = new Set(steps.map(({ host }) => host))
  const rows = (/** @type {Step[]} */ some) => some.map((step, at) => stepRow(step, at, now, hosts.size > 1))
  return h(
    'article',
    { class: 'card operation', key: id, 'aria-label': `${kind} ${operation.status}` },
    h(
      'div',
      { class: 'card-head' },
      h('h3', null, kind, release !== null && ` release ${release}`),
      operationStatus(operation),
    ),
    h(
      'p',
      { class: 'faint small' },
      when(createdAt, now),
      ` by ${requestedBy}`,
      hosts.size === 1 && ` · on ${[...hosts].join()}`,
      startedAt !== null && ` · ${finishedAt === null ? 'for' : 'took'} ${durationText(startedAt, finishedAt, now)}`,
      attempts > 1 && ` · attempt ${attempts}`,
      nextAttemptAt !== null && finishedAt === null && [' · next attempt ', when(nextAttemptAt, now)],
    ),
    error !== null &&
      h(
        'div',
        { class: `notice ${finishedAt === null ? 'warn' : 'bad'}`, key: 'error' },
        h(
          'p',
          null,
          h(
            'a',
            { href: `/problems/${encodeURIComponent(error.code)}`, target: '_blank', rel: 'noreferrer' },
            error.code,
          ),
          ` ${whereOf(error)}`,
        ),
        h('p', null, error.message),
      ),
    before.length > 0 &&
      h(
        'details',
        { key: 'before' },
        h('summary', null, `${before.length} earlier steps`),
        h('ol', { class: 'steps' }, ...rows(before)),
      ),
    steps.length === 0
      ? h('p', { class: 'faint', key: 'none' }, finishedAt === null ? 'No step yet.' : 'It needed no step.')
      : h('ol', { class: 'steps', key: 'steps', 'aria-label': 'Steps' }, ...rows(steps.slice(-STEPS))),
    plan &&
      plan.text !== '' &&
      h('details', { key: 'plan' }, h('summary', null, 'Plan'), h('pre', { class: 'plan', tabindex: 0 }, plan.text)),
  )
}

/** @param {Step} step @param {number} at @param {number} now @param {boolean} withHost */
function stepRow({ action, service, host, status: word, startedAt, finishedAt, message }, at, now, withHost) {
  return h(
    'li',
    { key: `${at} ${startedAt} ${action}`, class: word },
    status(word, word === 'running' ? 'busy' : undefined),
    h(
      'span',
      { class: 'step-name' },
      spaced(action),
      service !== null && h('span', { class: 'faint' }, ` ${service}`),
      withHost && h('span', { class: 'faint' }, ` on ${host}`),
    ),
    h('span', { class: 'figure faint' }, durationText(startedAt, finishedAt, now)),
    message !== null && message !== '' && h('span', { class: 'message small' }, message),
  )
}

/** @param {NonNullable<Operation['error']>} error */
function whereOf({ host, service, instance }) {
  return [service && `service ${service}`, instance && `instance ${instance}`, host && `host ${host}`]
    .filter(Boolean)
    .join(', ')
}
