import { h } from './dom.js'
import { command } from './home.js'
import { operationRow } from './operation.js'
import { empty, labelList, link, loading, section, status, trouble, when } from './parts.js'
import { refresher } from './refresh.js'
/** @import { Context, View } from './main.js' */
/** @import { App, Event, Operation, Workload } from './types.d.ts' */

const MOST_APPS = 200
const OPERATIONS = 12
const AT_ONCE = 4
/** The worst first: what an app as a whole is called. */
const WORST = ['missing', 'degraded', 'drifted', 'orphan', 'progressing', 'running', 'stopped', 'completed']

/** A tenant's apps and what is under way. @param {Context} context @param {{ tenant: string }} place @returns {View} */
export function tenantView({ api, signal, redraw, announce, onState }, { tenant }) {
  const base = `/v1/tenants/${encodeURIComponent(tenant)}`
  /** @type {App[] | null} */
  let apps = null
  /** @type {Map<string, Workload[]>} */
  const workloads = new Map()
  /** @type {Operation[] | null} */
  let operations = null
  /** The step that each operation is at. @type {Map<string, string>} */
  const steps = new Map()
  let error = ''

  const fail = (/** @type {unknown} */ cause) => {
    // An app that went away between two looks.
    if (cause instanceof Error && 'code' in cause && cause.code === 'not_found' && apps !== null) return
    error = cause instanceof Error ? cause.message : String(cause)
    redraw()
  }
  const refresh = refresher(signal, fail)
  const readWorkloads = async (/** @type {string} */ app) => {
    workloads.set(app, await api.list(`${base}/apps/${encodeURIComponent(app)}/workloads`, signal))
    redraw()
  }
  const readApps = async () => {
    apps = await api.list(`${base}/apps`, signal, MOST_APPS)
    redraw()
    const unread = apps.map(({ name }) => name).filter((name) => !workloads.has(name))
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let name = unread.shift(); name !== undefined; name = unread.shift()) await readWorkloads(name).catch(fail)
      }),
    )
  }
  const readOperations = async () => {
    operations = await api.list(`${base}/operations`, signal, OPERATIONS)
    redraw()
  }
  const load = () => {
    error = ''
    workloads.clear()
    refresh('apps', readApps)
    refresh('operations', readOperations)
  }

  /** @param {Event} event */
  const onEvent = ({ type, app, operation, data }) => {
    const [what, happened = ''] = type.split('.')
    if (what === 'app') refresh('apps', readApps)
    if (what === 'instance' && app !== null) refresh(`workloads ${app}`, async () => await readWorkloads(app))
    if (what !== 'operation') return
    if (happened === 'step') {
      if (operation !== null) steps.set(operation, `${data.action} ${data.target}`)
      return redraw()
    }
    refresh('operations', readOperations)
    if (['succeeded', 'failed', 'cancelled', 'rolled_back'].includes(happened)) {
      announce(`${data.kind} of ${app} ${happened.replace('_', ' ')}`)
      refresh('apps', readApps)
    }
    if (app !== null) refresh(`workloads ${app}`, async () => await readWorkloads(app))
  }
  api
    .follow(`${base}/events?type=app.*,instance.*,operation.*`, signal, {
      onEvent: ({ event, data }) => (event === 'gap' ? load() : onEvent(JSON.parse(data))),
      onState(state, resumed) {
        onState(state)
        if (!resumed && state !== 'waiting') load()
      },
    })
    .catch(fail)

  return () => {
    const now = Date.now()
    return [
      h('h1', { key: 'title' }, tenant),
      error !== '' && trouble(error, load),
      h(
        'div',
        { class: 'columns', key: 'columns' },
        section(
          'Apps',
          apps && h('span', { class: 'count' }, apps.length === MOST_APPS ? `the first ${MOST_APPS}` : apps.length),
          apps === null && error === '' && loading(),
          apps?.length === 0 &&
            empty(
              'No app yet. Apply a Compose file, and watch it come up here:',
              command(
                `jq -n --rawfile compose compose.yaml '{$compose}' |\ncurl -X PUT ${location.origin}${base}/apps/hello \\\n  -H "Authorization: Bearer $TOKEN" \\\n  -H "Idempotency-Key: $(uuidgen)" --json @-`,
              ),
            ),
          h('ul', { class: 'cards' }, ...(apps ?? []).map((app) => appCard(tenant, app, workloads.get(app.name), now))),
        ),
        section(
          'Operations',
          null,
          operations?.length === 0 && empty('Nothing was changed yet.'),
          h(
            'ul',
            { class: 'rows' },
            ...(operations ?? []).map((operation) =>
              operationRow(tenant, operation, { now, step: steps.get(operation.id) }),
            ),
          ),
        ),
      ),
    ]
  }
}

/** @param {string} tenant @param {App} app @param {Workload[] | undefined} workloads @param {number} now */
function appCard(tenant, app, workloads, now) {
  return h(
    'li',
    { key: app.name, class: 'card app' },
    h(
      'div',
      { class: 'card-head' },
      h('h3', null, h('a', { href: link(tenant, app.name) }, app.name)),
      appStatus(app, workloads),
    ),
    h(
      'p',
      { class: 'faint small' },
      app.currentRelease === null ? 'no release yet' : `release ${app.currentRelease}`,
      app.host !== null && ` on ${app.host}`,
      ' · changed ',
      when(app.updatedAt, now),
    ),
    workloads?.length === 0 && h('p', { class: 'faint small' }, 'Nothing of it runs.'),
    h(
      'ul',
      { class: 'workloads', hidden: !workloads?.length },
      ...(workloads ?? []).map((workload) =>
        h(
          'li',
          { key: workload.id },
          h('span', { class: 'name' }, workload.service),
          status(workload.status),
          h('span', { class: 'figure', title: 'ready of desired' }, `${workload.ready}/${workload.desired}`),
        ),
      ),
    ),
    labelList(app.labels),
  )
}

/** @param {App} app @param {Workload[] | undefined} workloads */
export function appStatus(app, workloads) {
  if (app.removing) return status('removing', 'busy')
  const worst = WORST.find((word) => workloads?.some((workload) => workload.status === word))
  if (worst !== undefined) return status(worst)
  return workloads !== undefined && app.currentRelease === null && status('never ran')
}
