import type Docker from 'dockerode'
import type { CallOptions, StepOutcome } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import type { Context, Work } from './context.ts'
import { mapPullRefusal, Refusal } from './map-error.ts'

/** Known digests of images, a driver; the oldest goes first. */
const KEPT_DIGESTS = 1000

/** Gets the image that the step names onto the host, by the pull policy of the services that run it. */
export async function pullImage(work: Work): Promise<StepOutcome> {
  const { engine, call, step, desired } = work
  const image = step.target
  const users = Object.entries(desired.spec?.services ?? {}).filter(([name, { image: wanted }]) =>
    step.service === null ? wanted === image : name === step.service,
  )
  const policies = new Set(users.map(([, service]) => service.pullPolicy))
  if (!policies.has('always')) {
    const found = await engine.find(call, { method: 'GET', path: `/images/${pathOf(image)}/json` })
    if (found) return { result: 'done', message: 'it was there already' }
    if (!policies.has('missing')) {
      throw new AppError('image_not_found', { detail: `${image} is not on the host, and its pull policy is never` })
    }
  }
  await work.pulls.run(desired.tenant.id, call.signal, async () => await pull(work, image))
  return { result: 'done' }
}

async function pull({ engine, call }: Work, image: string): Promise<void> {
  const { repository, tag } = parseReference(image)
  try {
    let rest = ''
    for await (const chunk of engine.stream(call, {
      method: 'POST',
      path: '/images/create',
      query: { fromImage: repository, tag },
    })) {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) throwPullError(line)
    }
    throwPullError(rest)
  } catch (error) {
    throw error instanceof Refusal ? mapPullRefusal(error, image) : error
  }
}

/** A pull that fails has answered 200 before: its error is a line among those of its progress. */
function throwPullError(line: string): void {
  if (!line.includes('"error"')) return
  let progress: unknown = null
  try {
    progress = JSON.parse(line)
  } catch {
    return
  }
  const error: unknown =
    typeof progress === 'object' && progress !== null && 'error' in progress ? progress.error : null
  if (typeof error === 'string') throw new Refusal(500, error)
}

/** `repository[:tag][@digest]`, as the engine takes its two parts. Without either it would pull every tag: `latest` is meant. */
export function parseReference(image: string): { repository: string; tag: string } {
  const [name = '', digest] = image.split('@')
  const colon = name.lastIndexOf(':')
  const tagged = colon > name.lastIndexOf('/')
  const repository = tagged ? name.slice(0, colon) : name
  return { repository, tag: digest ?? (tagged ? name.slice(colon + 1) : 'latest') }
}

/** The digest by which a registry knows the image, or else the engine's own id of it. */
export async function imageDigest({ engine, digests }: Context, call: CallOptions, id: string): Promise<string | null> {
  const known = digests.get(id)
  if (known !== undefined) return known
  const image = await engine.find<Docker.ImageInspectInfo>(call, { method: 'GET', path: `/images/${pathOf(id)}/json` })
  if (!image) return id === '' ? null : id
  const digest = image.RepoDigests?.[0]?.split('@')[1] ?? image.Id
  const [oldest] = digests.keys()
  if (digests.size >= KEPT_DIGESTS && oldest !== undefined) digests.delete(oldest)
  digests.set(id, digest)
  return digest
}

/** The API takes an image's slashes as they are. No part of it is one that a URL's reader takes for a step upwards. */
export function pathOf(image: string): string {
  return image
    .split('/')
    .map((segment) => (/^\.+$/.test(segment) ? segment.replaceAll('.', '%2E') : encodeURIComponent(segment)))
    .join('/')
}
