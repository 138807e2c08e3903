import { h } from './dom.js'
import { bar, empty, labelList, link, loading, section, status, trouble, when } from './parts.js'
import { refresher } from './refresh.js'
import { bytesText, coresText } from './text.js'
/** @import { Context, View } from './main.js' */
/** @import { Host, Tenant } from './types.d.ts' */

const TYPES = 'host.*,tenant.*,app.*,operation.succeeded,operation.rolled_back,operation.failed'
/** What no event tells of: how much is taken of a host. */
const LOOK_MS = 30_000

/** The platform, for admins: its hosts and its tenants. @param {Context} context @returns {View} */
export function homeView({ api, signal, redraw, onState }) {
  /** @type {Host[] | null} */
  let hosts = null
  /** @type {Tenant[] | null} */
  let tenants = null
  let error = ''
  const fail = (/** @type {Error} */ cause) => {
    error = cause.message
    redraw()
  }
  const refresh = refresher(signal, (cause) => fail(/** @type {Error} */ (cause)))
  const load = () => {
    error = ''
    refresh('hosts', async () => {
      hosts = await api.list('/v1/hosts', signal)
      redraw()
    })
    refresh('tenants', async () => {
      tenants = await api.list('/v1/tenants', signal)
      redraw()
    })
  }
  load()
  const timer = setInterval(load, LOOK_MS)
  signal.addEventListener('abort', () => clearInterval(timer))
  api
    .follow(`/v1/events?type=${TYPES}`, signal, {
      onEvent: load,
      onState(state, resumed) {
        onState(state)
        if (!resumed && state !== 'waiting') load()
      },
    })
    .catch(fail)

  return () => {
    const now = Date.now()
    return [
      h('h1', { key: 'title' }, 'Platform'),
      error !== '' && trouble(error, load),
      section(
        'Hosts',
        hosts && h('span', { class: 'count' }, hosts.length),
        hosts === null && loading(),
        hosts?.length === 0 &&
          empty(
            'No host yet. Register the first Docker engine:',
            command(
              `curl -X POST ${location.origin}/v1/hosts -H "Authorization: Bearer $TOKEN" \\\n  -H "Idempotency-Key: $(uuidgen)" \\\n  --json '{"name":"h1","kind":"docker","endpoint":{"socketPath":"/var/run/docker.sock"}}'`,
            ),
          ),
        h('ul', { class: 'cards' }, ...(hosts ?? []).map((host) => hostCard(host, now))),
      ),
      section(
        'Tenants',
        tenants && h('span', { class: 'count' }, tenants.length),
        tenants === null && loading(),
        tenants?.length === 0 &&
          empty(
            'No tenant yet. Make the first:',
            command(
              `curl -X POST ${location.origin}/v1/tenants -H "Authorization: Bearer $TOKEN" \\\n  -H "Idempotency-Key: $(uuidgen)" --json '{"name":"acme"}'`,
            ),
          ),
        h(
          'ul',
          { class: 'tiles' },
          ...(tenants ?? []).map(({ name, displayName }) =>
            h(
              'li',
              { key: name },
              h(
                'a',
                { class: 'tile', href: link(name) },
                name,
                displayName !== null && h('span', { class: 'faint' }, displayName),
              ),
            ),
          ),
        ),
      ),
    ]
  }
}

/** @param {Host} host @param {number} now */
function hostCard(
  { name, kind, status: word, schedulable, engineVersion, capacity, allocated, lastSeenAt, message, labels, tenants },
  now,
) {
  const { cpus, memory, instances } = allocated
  return h(
    'li',
    { key: name, class: 'card host' },
    h('div', { class: 'card-head' }, h('h3', null, name), status(word), !schedulable && status('cordoned', 'warn')),
    h(
      'p',
      { class: 'faint small' },
      `${kind} ${engineVersion ?? 'engine'} · seen `,
      when(lastSeenAt, now),
      ` · ${instances} ${instances === 1 ? 'instance' : 'instances'}`,
    ),
    message !== null && h('p', { class: 'notice warn small' }, message),
    capacity &&
      h(
        'div',
        { class: 'bars' },
        bar({
          label: 'CPU',
          share: cpus === undefined ? null : share(cpus, capacity.cpus),
          text: `${cpus === undefined ? '' : `${coresText(cpus)} of `}${capacity.cpus} cores`,
        }),
        bar({
          label: 'Memory',
          share: memory === undefined ? null : share(memory, capacity.memory),
          text: `${memory === undefined ? '' : `${bytesText(memory)} of `}${bytesText(capacity.memory)}`,
        }),
      ),
    tenants.length > 0 && h('p', { class: 'faint small' }, `only for ${tenants.join(', ')}`),
    labelList(labels),
  )
}

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole > 0 ? part / whole : 0)

/** @param {string} text */
export function command(text) {
  return h('pre', { class: 'command', tabindex: 0 }, h('code', null, text))
}
