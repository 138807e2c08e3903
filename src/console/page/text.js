const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
/** @type {readonly [Intl.RelativeTimeFormatUnit, number][]} */
const STEPS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** @param {number} bytes */
export function bytesText(bytes) {
  // 1000 KiB is 1.0 MiB: never more than three digits.
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes * 1.0245) / 10), UNITS.length - 1)
  const value = bytes / 1024 ** power
  return `${value.toFixed(power > 0 && value < 9.95 ? 1 : 0)} ${UNITS[power]}`
}

/** @param {number} cores */
export function coresText(cores) {
  return Number.isInteger(cores) ? String(cores) : cores.toFixed(cores < 0.0995 ? 3 : cores < 9.95 ? 2 : 0)
}

/** "3 min. ago"; the seconds of the first minute only by tens, so that nothing flickers. @param {string} time @param {number} now */
export function agoText(time, now) {
  const seconds = (now - Date.parse(time)) / 1000
  for (const [unit, size] of STEPS)
    if (Math.abs(seconds) >= size) return RELATIVE.format(-Math.round(seconds / size), unit)
  return seconds < 10 ? 'just now' : RELATIVE.format(-Math.floor(seconds / 10) * 10, 'second')
}

/** @param {string} from @param {string | null} to @param {number} now */
export function durationText(from, to, now) {
  const seconds = Math.max(0, ((to === null ? now : Date.parse(to)) - Date.parse(from)) / 1000)
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 90) return `${Math.round(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

/** @param {string} word */
export function spaced(word) {
  return word.replaceAll(/[_.-]/g, ' ')
}
