import { addHost, must, type Outcome, Scene } from './scene.ts'
import { clusterScene, HELLO, HELLO_IMAGES, helloImages, once, Visitor } from './cluster-scene.ts'
import { ended, eventually, type LabServer } from '../lab/server.ts'

/**
 * examples/hello, unchanged, on a Docker engine and on a cluster: both services healthy, one reaching the other by name, scaled 1 → 3 → 1, a new
 * image rolled out while somebody asks all the time, a broken image rolled back by itself, and removed without a trace.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const { cluster, server } = await clusterScene(scene, { images: false })
    await helloImages(cluster.dockerSocket, async (args, options) => await cluster.docker(args, options))
    const engine = await scene.engine({ tcp: false })
    await helloImages(engine.socketPath, async (args, options) => await engine.docker(args, options))
    await addHost(server, 'docker', engine)
    const runs = [
      await course(server, { app: 'on-cluster', kind: 'kubernetes', address: cluster.nodeAddress, long }),
      await course(server, { app: 'on-docker', kind: 'docker', address: engine.address, long }),
    ]
    const left = await cluster.kubectl([
      'get',
      'all,cm,secret,pvc,ing,netpol',
      '-A',
      '-l',
      'moorage.io/app=on-cluster',
      '-o',
      'name',
    ])
    const clean = left.trim() === ''
    return {
      outcome: runs.every(({ holds }) => holds) && clean,
      lines: [...runs.flatMap(({ lines }) => lines), `left on the cluster: ${clean ? 'nothing' : left.trim()}`],
    }
  })
}

interface Course {
  readonly app: string
  readonly kind: string
  /** Where its published ports answer. */
  readonly address: string
  readonly long: boolean
}

async function course(server: LabServer, { app, kind, address, long }: Course) {
  const path = `/v1/tenants/acme/apps/${app}`
  const run = async (method: string, below: string, body?: object) =>
    await ended(server, (await must(server, method, `${path}${below}`, body)).operation, 300_000)
  const workloads = async () =>
    (await must(server, 'GET', `${path}/workloads`)).items as {
      service: string
      ready: number
      desired: number
      status: string
    }[]
  const told = async (service: string) => {
    const found = (await workloads()).find((one) => one.service === service)
    return `${found?.status} ${found?.ready}/${found?.desired}`
  }
  const becomes = async (service: string, wanted: string) =>
    await eventually(`${service} of ${app} is ${wanted}`, async () => (await told(service)) === wanted)
  const url = async (): Promise<string> =>
    await eventually('a port is published', async () => {
      const instances = (await must(server, 'GET', `${path}/instances`)).items as {
        service: string
        state: string
        ports: { hostPort: number }[]
      }[]
      const port = instances.find(({ service, state }) => service === 'web' && state === 'running')?.ports[0]
      return port && `http://${address}:${port.hostPort}/`
    })

  const placed = `\nx-moorage: { placement: { kinds: [${kind}] } }\n`
  const first = await run('PUT', '', { compose: HELLO + placed })
  await becomes('web', 'running 1/1')
  await becomes('greeter', 'running 1/1')
  const greeting = await eventually('it answers', async () => await once(await url()).catch(() => null))

  const visitor = kind === 'kubernetes' ? new Visitor(await url()) : null
  const up = await run('POST', '/scale', { services: { web: 3, greeter: 3 } })
  await becomes('web', 'running 3/3')
  const down = await run('POST', '/scale', { services: { web: 1, greeter: 1 } })
  await becomes('web', 'running 1/1')
  const rounds = long ? 5 : 1
  const updates: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const image = round % 2 === 0 ? HELLO_IMAGES.second : HELLO_IMAGES.first
    const update = await run('POST', '/deployments', { images: { web: image, greeter: image } })
    updates.push(update.status)
  }
  const broken = await run('POST', '/deployments', { images: { web: HELLO_IMAGES.broken } })
  await becomes('web', 'running 1/1')
  const after = await once(await url())
  await visitor?.stop()
  const removed = await run('DELETE', '?volumes=true')

  const holds =
    first.status === 'succeeded' &&
    greeting.startsWith('Hello from greeter ') &&
    up.status === 'succeeded' &&
    down.status === 'succeeded' &&
    updates.every((status) => status === 'succeeded') &&
    broken.status === 'rolled_back' &&
    broken.error?.code === 'health_timeout' &&
    after.startsWith('Hello from greeter ') &&
    removed.status === 'succeeded' &&
    (visitor === null || (visitor.failures.length === 0 && visitor.answered > 50))
  return {
    holds,
    lines: [
      `${kind}: ${first.status}, it answers ${JSON.stringify(greeting)}; scaled up: ${up.status}, down: ${down.status}`,
      `${kind}: ${rounds} new images: ${updates.join(', ')}; a broken one: ${broken.status} (${broken.error?.code}: ${String(broken.error?.message).split('\n')[0]}); removed: ${removed.status}`,
      ...(visitor
        ? [
            `${kind}: ${visitor.answered} requests from outside all the time, failed: ${visitor.failures.length}${visitor.failures.length > 0 ? ` (${visitor.failures.slice(0, 3).join('; ')})` : ''}`,
          ]
        : []),
    ],
  }
}
