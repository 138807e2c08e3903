const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** A Kubernetes quantity (`500m`, `64Mi`, `1e3`, 2) as a number; null where it is none. */
export function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return value
  const [, digits, suffix = ''] =
    /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(
      typeof value === 'string' ? value : '',
    ) ?? []
  const factor = FACTORS[suffix]
  return digits === undefined || factor === undefined ? null : Number(digits) * factor
}

/** Whether both are quantities of the same value: `0.5` and `500m`. */
export function equalQuantities(one: unknown, other: unknown): boolean {
  const [a, b] = [toNumber(one), toNumber(other)]
  if (a === null || b === null) return false
  return Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b))
}
