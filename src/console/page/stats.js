import { h } from './dom.js'
import { bytesText, coresText } from './text.js'
/** @import { Api } from './api.js' */
/** @import { AppStats, StatsHistory, Usage } from './types.d.ts' */

const HOUR_MS = 3_600_000
/** More points than this are made fewer: the older half by two and two. */
const MOST_POINTS = 600
/** Of the samples of an hour, so that those of several instances meet. */
const SLOT_MS = 10_000
const WIDTH = 120
const HEIGHT = 32

/** @typedef {{ at: number, value: number }} Point */
/** @typedef {{ cpu: Point[], memory: Point[], usage: Usage | null }} Course */

/**
 * CPU and memory of an app and its instances: the past hour and then live, about once a second.
 * @param {{ api: Api, path: string, signal: AbortSignal, redraw: () => void }} options
 */
export function watchStats({ api, path, signal, redraw }) {
  /** The course of the app itself is under the empty name. @type {Map<string, Course>} */
  const courses = new Map()
  let running = true
  const courseOf = (/** @type {string} */ id) => {
    const course = courses.get(id) ?? { cpu: [], memory: [], usage: null }
    courses.set(id, course)
    return course
  }

  const readHistory = async () => {
    const history = /** @type {StatsHistory} */ (await api.get(`${path}?history=true`, signal))
    /** @type {Map<number, { cpu: number, memory: number }>} */
    const sums = new Map()
    for (const { id, samples } of history.instances) {
      const course = courseOf(id)
      course.cpu.unshift(...samples.map(({ at, cpuCores }) => ({ at: Date.parse(at), value: cpuCores })))
      course.memory.unshift(...samples.map(({ at, memoryBytes }) => ({ at: Date.parse(at), value: memoryBytes })))
      for (const { at, cpuCores, memoryBytes } of samples) {
        const slot = Math.floor(Date.parse(at) / SLOT_MS) * SLOT_MS
        const sum = sums.get(slot) ?? { cpu: 0, memory: 0 }
        sums.set(slot, { cpu: sum.cpu + cpuCores, memory: sum.memory + memoryBytes })
      }
    }
    const whole = courseOf('')
    const slots = [...sums].toSorted(([a], [b]) => a - b)
    whole.cpu.unshift(...slots.map(([at, { cpu }]) => ({ at, value: cpu })))
    whole.memory.unshift(...slots.map(([at, { memory }]) => ({ at, value: memory })))
    redraw()
  }

  /** @param {AppStats} stats */
  const take = ({ at, usage, instances }) => {
    const time = Date.parse(at)
    running = instances.length > 0
    if (running) add(courseOf(''), time, usage)
    const there = new Set(['', ...instances.map(({ id }) => id)])
    for (const { id, usage: own } of instances) add(courseOf(id), time, own)
    for (const id of courses.keys()) if (!there.has(id)) courses.delete(id)
    redraw()
  }

  // Without them there are no sparklines, and nothing else is amiss: a server may be too old, a token too small.
  readHistory().catch(() => {})
  api
    .follow(`${path}?follow=true`, signal, {
      onEvent: ({ event, data }) => {
        if (event === 'stats') take(JSON.parse(data))
      },
    })
    .catch(() => {})

  return {
    /** CPU and memory as two sparklines; of an instance, or of the app. @param {string} [id] */
    sparklines(id = '') {
      const course = courses.get(id)
      if (!course || !running || course.cpu.length === 0) return null
      const { usage } = course
      return h(
        'div',
        { class: 'sparklines', key: 'sparklines' },
        figure('CPU', course.cpu, coresText, usage?.cpu.limitCores ?? null, 'cores'),
        figure('Memory', course.memory, bytesText, usage?.memory.limitBytes ?? null, ''),
      )
    },
  }
}

/** @param {Course} course @param {number} at @param {Usage} usage */
function add(course, at, usage) {
  course.usage = usage
  for (const [points, value] of /** @type {[Point[], number][]} */ ([
    [course.cpu, usage.cpu.cores],
    [course.memory, usage.memory.bytes],
  ])) {
    points.push({ at, value })
    while (points[0] && points[0].at < at - HOUR_MS) points.shift()
    if (points.length > MOST_POINTS) points.splice(0, MOST_POINTS / 2, ...halved(points.slice(0, MOST_POINTS / 2)))
  }
}

/** @param {Point[]} points @returns {Point[]} */
function halved(points) {
  return points.flatMap((point, index) => {
    const next = points[index + 1]
    return index % 2 === 1 || !next ? [] : [{ at: next.at, value: (point.value + next.value) / 2 }]
  })
}

/**
 * @param {string} label
 * @param {Point[]} points
 * @param {(value: number) => string} text
 * @param {number | null} limit
 * @param {string} unit
 */
function figure(label, points, text, limit, unit) {
  const now = points.at(-1)?.value ?? 0
  const most = Math.max(...points.map(({ value }) => value))
  const words = `${text(now)}${limit === null ? '' : ` of ${text(limit)}`}${unit && ` ${unit}`}`
  return h(
    'div',
    { class: 'sparkline' },
    h('span', { class: 'faint' }, label),
    h('span', { class: 'figure' }, words),
    h(
      'svg',
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': `${label}: now ${words}; the most was ${text(most)}`,
      },
      ...paths(points, most),
    ),
  )
}

/** @param {Point[]} points @param {number} most */
function paths(points, most) {
  const last = points.at(-1)?.at ?? 0
  // Now is at the right. Never less than a minute, so that the first seconds are no mountains.
  const span = Math.max(last - (points[0]?.at ?? 0), 60_000)
  const places = points.map(({ at, value }) => {
    const x = WIDTH - ((last - at) / span) * WIDTH
    const y = HEIGHT - 1 - (most > 0 ? value / most : 0) * (HEIGHT - 4)
    return `${x.toFixed(1)} ${y.toFixed(1)}`
  })
  const line = `M${places.join('L')}`
  const begin = places[0]?.split(' ')[0] ?? '0'
  return [
    h('path', { class: 'area', d: `${line}L${WIDTH} ${HEIGHT}L${begin} ${HEIGHT}Z` }),
    h('path', { class: 'line', d: places.length === 1 ? `${line}h-1` : line }),
  ]
}
