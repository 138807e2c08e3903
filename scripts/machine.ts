import { arch, cpus, release, totalmem, type } from 'node:os'

/** What figures were measured on, a line each. */
export function machine(): string[] {
  const [cpu] = cpus()
  return [
    `machine  ${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    `system   ${type()} ${release()} ${arch()}, Node ${process.versions.node}`,
    `date     ${new Date().toISOString()}`,
  ]
}
