import { hash } from 'node:crypto'

/**
 * Of these workers the one that a host falls to; null where there are none. Everybody who knows the same workers says the same, in
 * whatever order; a worker that comes takes only what falls to it, of each other about as much; one that goes leaves all else where it is.
 */
export function ownerOf(hostId: string, workers: Iterable<string>): string | null {
  let owner: string | null = null
  let most = ''
  for (const worker of workers) {
    const weight = hash('sha1', `${hostId} ${worker}`)
    // Two of the same weight will not be seen; the order of their ids settles it.
    if (owner === null || weight > most || (weight === most && worker > owner)) {
      owner = worker
      most = weight
    }
  }
  return owner
}
