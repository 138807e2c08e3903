import { h } from './dom.js'
import { logPanel } from './logs.js'
import { operationDetail, operationRow } from './operation.js'
import { empty, labelList, link, loading, section, status, trouble, when } from './parts.js'
import { refresher } from './refresh.js'
import { watchStats } from './stats.js'
import { appStatus } from './tenant.js'
/** @import { Context, View } from './main.js' */
/** @import { App, Event, Instance, Operation, Release, Workload } from './types.d.ts' */

const OPERATIONS = 8
const RELEASES = 8
const ENDS = ['succeeded', 'failed', 'cancelled', 'rolled_back']

/**
 * One app: what runs, what is being done to it, what it prints and what it uses.
 * @param {Context} context
 * @param {{ tenant: string, app: string, operation: string | undefined }} place
 * @returns {View}
 */
export function appView({ api, signal, redraw, announce, onState }, { tenant, app: name, operation: chosen }) {
  const ofTenant = `/v1/tenants/${encodeURIComponent(tenant)}`
  const base = `${ofTenant}/apps/${encodeURIComponent(name)}`
  /** @type {App | null} */
  let app = null
  /** @type {Workload[] | null} */
  let workloads = null
  /** @type {Operation[]} */
  let operations = []
  /** @type {Release[]} */
  let releases = []
  /** The one that is chosen by the address, else the newest. @type {Operation | null} */
  let detail = null
  let gone = false
  let error = ''

  const fail = (/** @type {unknown} */ cause) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'not_found') gone = true
    else error = cause instanceof Error ? cause.message : String(cause)
    redraw()
  }
  const refresh = refresher(signal, fail)

  const readApp = async () => {
    app = await api.get(base, signal)
    gone = false
    redraw()
  }
  const readWorkloads = async () => {
    workloads = await api.list(`${base}/workloads`, signal)
    logs.setServices([...new Set(workloads.map(({ service }) => service))].toSorted())
    redraw()
  }
  const readReleases = async () => {
    releases = await api.list(`${base}/releases`, signal, RELEASES)
    redraw()
  }
  const readDetail = async () => {
    const id = chosen ?? operations[0]?.id
    if (id !== undefined) detail = await api.get(`${ofTenant}/operations/${encodeURIComponent(id)}`, signal)
    redraw()
  }
  const readOperations = async () => {
    operations = await api.list(`${ofTenant}/operations?app=${encodeURIComponent(name)}`, signal, OPERATIONS)
    refresh('detail', readDetail)
    redraw()
  }
  const load = () => {
    error = ''
    refresh('app', readApp)
    refresh('workloads', readWorkloads)
    refresh('releases', readReleases)
    refresh('operations', readOperations)
  }

  /** @param {Event} event */
  const onEvent = ({ type, operation, data }) => {
    const [what, happened = ''] = type.split('.')
    // Another app of the same name: all of it anew, its log too.
    if (type === 'app.created') return void dispatchEvent(new HashChangeEvent('hashchange'))
    if (type === 'app.removed') {
      gone = true
      redraw()
    }
    if (gone) return
    if (what === 'app') refresh('app', readApp)
    if (what === 'instance') refresh('workloads', readWorkloads)
    if (what !== 'operation') return
    if (happened === 'step') {
      if (operation === detail?.id) refresh('detail', readDetail)
      return
    }
    refresh('operations', readOperations)
    refresh('workloads', readWorkloads)
    if (happened === 'queued') refresh('releases', readReleases)
    if (!ENDS.includes(happened)) return
    announce(`${data.kind} of ${name} ${happened.replace('_', ' ')}`)
    refresh('app', readApp)
    refresh('releases', readReleases)
  }
  api
    .follow(`${ofTenant}/events?app=${encodeURIComponent(name)}&type=app.*,instance.*,operation.*`, signal, {
      onEvent: ({ event, data }) => (event === 'gap' ? load() : onEvent(JSON.parse(data))),
      onState(state, resumed) {
        onState(state)
        if (!resumed && state !== 'waiting') load()
      },
    })
    .catch(fail)
  // After the events: where connections are few, these wait.
  const stats = watchStats({ api, path: `${base}/stats`, signal, redraw })
  const logs = logPanel({ api, path: `${base}/logs`, signal })

  return () => {
    const now = Date.now()
    if (gone)
      return [
        h('h1', { key: 'title' }, name),
        empty(
          'There is no such app here; it may have been removed.',
          h('p', null, h('a', { href: link(tenant) }, `All apps of ${tenant}`)),
        ),
      ]
    return [
      h('div', { class: 'title', key: 'title' }, h('h1', null, name), app && appStatus(app, workloads ?? undefined)),
      app !== null &&
        h(
          'p',
          { class: 'faint', key: 'about' },
          app.currentRelease === null ? 'No release runs yet' : `Release ${app.currentRelease}`,
          app.host !== null && ` on host ${app.host}`,
          !app.wanted.running && ' · stopped',
          ' · changed ',
          when(app.updatedAt, now),
        ),
      app && labelList(app.labels),
      error !== '' && trouble(error, load),
      h(
        'div',
        { class: 'columns', key: 'columns' },
        h(
          'div',
          { class: 'column' },
          section(
            'Workloads',
            null,
            workloads === null && loading(),
            workloads?.length === 0 && empty('Nothing of it runs.'),
            stats.sparklines(),
            h('ul', { class: 'cards one' }, ...(workloads ?? []).map((workload) => workloadCard(workload, now, stats))),
          ),
          section('Logs', null, logs.root),
        ),
        h(
          'div',
          { class: 'column' },
          section(
            chosen === undefined ? 'Latest operation' : 'Operation',
            chosen !== undefined && h('a', { href: link(tenant, name) }, 'Latest'),
            detail && operationDetail(detail, now),
          ),
          section(
            'History',
            null,
            h(
              'ul',
              { class: 'rows' },
              ...operations.map((operation) =>
                operationRow(tenant, operation, { now, chosen: operation.id === detail?.id, withApp: false }),
              ),
            ),
          ),
          section(
            'Releases',
            null,
            h('ul', { class: 'rows' }, ...releases.map((release) => releaseRow(release, app, now))),
          ),
        ),
      ),
    ]
  }
}

/** @param {Workload} workload @param {number} now @param {ReturnType<typeof watchStats>} stats */
function workloadCard({ id, service, host, status: word, ready, desired, release, drift, instances }, now, stats) {
  return h(
    'li',
    { key: id, class: 'card workload' },
    h(
      'div',
      { class: 'card-head' },
      h('h3', null, service),
      status(word),
      h('span', { class: 'figure grow-left' }, `${ready}/${desired} ready`),
    ),
    h(
      'p',
      { class: 'faint small' },
      [host !== null && `on ${host}`, release !== null && `release ${release}`].filter(Boolean).join(' · '),
    ),
    drift.length > 0 &&
      h('p', { class: 'notice warn small' }, `Not as wanted: ${drift.map(({ path }) => path).join(', ')}`),
    h('ul', { class: 'instances' }, ...instances.map((instance) => instanceRow(instance, now, stats))),
  )
}

/** @param {Instance} instance @param {number} now @param {ReturnType<typeof watchStats>} stats */
function instanceRow({ id, name, state, health, restarts, exitCode, ports, startedAt, image }, now, stats) {
  const published = ports
    .filter(({ hostPort }) => hostPort > 0)
    .map(({ hostPort, containerPort }) => `${hostPort}→${containerPort}`)
  return h(
    'li',
    { key: id },
    h(
      'div',
      { class: 'instance-head' },
      h('span', { class: 'name', title: image }, name),
      status(state),
      health !== null && health !== state && h('span', { class: 'faint small' }, health),
    ),
    h(
      'p',
      { class: 'faint small' },
      startedAt === null ? 'not started' : ['since ', when(startedAt, now)],
      restarts > 0 && ` · ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`,
      exitCode !== null && ` · exit code ${exitCode}`,
      published.length > 0 && ` · ports ${published.join(', ')}`,
    ),
    stats.sparklines(id),
  )
}

/** @param {Release} release @param {App | null} app @param {number} now */
function releaseRow({ number, digest, createdBy, createdAt, succeededAt }, app, now) {
  return h(
    'li',
    { key: number },
    h(
      'div',
      { class: 'row' },
      h(
        'span',
        { class: 'row-main' },
        h('strong', null, `release ${number}`),
        h('code', { class: 'faint', title: digest }, ` ${digest.replace(/^sha256:/, '').slice(0, 10)}`),
      ),
      app?.currentRelease === number
        ? status('current', 'good')
        : succeededAt === null
          ? status('never ran', 'calm')
          : status('ran', 'calm'),
      h('span', { class: 'faint small row-more' }, when(createdAt, now), ` by ${createdBy}`),
    ),
  )
}
