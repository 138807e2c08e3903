import type { Cursor } from './cursor.ts'
import type { HealthcheckSpec } from './types.ts'
import { readBool, readDuration, readInteger, readText } from './units.ts'

const DISABLED: HealthcheckSpec = {
  disabled: true,
  test: null,
  intervalNs: null,
  timeoutNs: null,
  startPeriodNs: null,
  retries: null,
}

/** The health check; null where the service says nothing about it. 0 stands for the engine's default, as for the engine. */
export function readHealthcheck(cursor: Cursor): HealthcheckSpec | null {
  if (!cursor.given) return null
  const test = readTest(cursor.get('test'))
  const check: HealthcheckSpec = {
    disabled: false,
    test: test === 'NONE' ? null : test,
    intervalNs: readPause(cursor.get('interval'), 500),
    timeoutNs: readPause(cursor.get('timeout')),
    startPeriodNs: readPause(cursor.get('start_period')),
    retries: readInteger(cursor.get('retries'), { min: 0, max: 1000 }) || null,
  }
  if (readBool(cursor.get('disable'), false) || test === 'NONE') return DISABLED
  return Object.values(check).some((value) => value !== null && value !== false) ? check : null
}

/** At least `minMs`, or 0 for the default. Each check starts a process by the engine, outside of the container's limits. */
function readPause(cursor: Cursor, minMs = 1): number | null {
  const pause = readDuration(cursor) || null
  if (pause !== null && pause < minMs * 1_000_000) cursor.invalid(`must be at least ${minMs}ms, or 0 for the default`)
  return pause
}

function readTest(cursor: Cursor): readonly string[] | 'NONE' | null {
  if (!cursor.given) return null
  if (!Array.isArray(cursor.value)) {
    const line = readText(cursor) ?? ''
    if (line.trim() === '') cursor.invalid('the test is empty; leave it out to have the image’s own')
    return ['CMD-SHELL', line]
  }
  const [kind = '', ...rest] = cursor.items().map((item) => readText(item) ?? '')
  if (kind === 'NONE') return 'NONE'
  if (kind === 'CMD' && rest.length > 0) return ['CMD', ...rest]
  if (kind === 'CMD-SHELL' && rest.length === 1) return ['CMD-SHELL', ...rest]
  cursor.invalid('must be ["CMD", program, …], ["CMD-SHELL", line] or ["NONE"]')
  return null
}
