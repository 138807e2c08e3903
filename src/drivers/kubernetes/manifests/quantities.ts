/** Steps of 1000 and 1024, in the words of Kubernetes. */
const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P'] as const
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'] as const

/** Bytes in the form in which an API server gives them back: `64Mi`, `1M`, `1500`. */
export function memoryQuantity(bytes: number): string {
  return bytes > 0 && bytes % 1024 === 0 ? scaled(bytes, 1024, BINARY) : scaled(bytes, 1000, DECIMAL)
}

/** CPUs, rounded up to thousandths, in the form in which an API server gives them back: `500m`, `2`. */
export function cpuQuantity(cpus: number): string {
  // What a fraction has too much in binary is no thousandth more.
  const milli = Math.max(1, Math.ceil(cpus * 1000 - 1e-6))
  return milli % 1000 === 0 ? scaled(milli / 1000, 1000, DECIMAL) : `${milli}m`
}

function scaled(value: number, step: number, suffixes: readonly string[]): string {
  let rest = value
  let at = 0
  while (rest > 0 && rest % step === 0 && at < suffixes.length - 1) {
    rest /= step
    at += 1
  }
  return `${rest}${suffixes[at] ?? ''}`
}
