import type { Json } from '../lib/canonical.ts'
import type { Budget } from './budget.ts'
import { pointer } from './problems.ts'

/** Copies a parsed JSON value, within the budget; what JSON has no word for is a problem. */
export function readJson(value: unknown, budget: Budget, path = '', depth = 0): Json {
  if (value === null || typeof value === 'boolean') {
    budget.spend(path, 1, 0)
    return value
  }
  if (typeof value === 'string') return budget.string(path, value)
  if (typeof value === 'number') return budget.number(path, value)
  if (typeof value !== 'object') return budget.problems.fail(path, 'this is not a JSON value')
  budget.depth(path, depth + 1)
  budget.spend(path, 1, 0)
  if (Array.isArray(value)) {
    budget.list(path, value.length)
    return value.map((item, index) => readJson(item, budget, pointer(path, index), depth + 1))
  }
  const entries = Object.entries(value)
  budget.map(path, entries.length)
  const result: { [key: string]: Json } = {}
  for (const [key, member] of entries) {
    if (budget.key(path, key)) result[key] = readJson(member, budget, pointer(path, key), depth + 1)
  }
  return result
}
