import Docker from 'dockerode'
import { toContainer } from '../src/drivers/docker/translate.ts'
import { parseCompose } from '../src/spec/index.ts'

/** As many labels as our objects carry, and as long. */
const LABELS = Object.fromEntries(
  ['installation', 'tenant-id', 'tenant', 'app-id', 'app', 'key'].map((name) => [
    `bench.test/${name}`,
    '0199-bench-reference-0000-000000000000',
  ]),
)
const CONTAINER_LABELS = { ...LABELS, 'bench.test/service': 'web', 'bench.test/digest': 'f'.repeat(64) }
/** As many containers come up side by side as in a plan of ours. */
const PARALLEL = 8

/**
 * Makes what a Compose document says with bare dockerode calls: the network, then each service after those that it depends on,
 * its containers side by side; to the engine, each call but the names is what ours is. Gives the milliseconds until the last start
 * was answered, and what takes all of it away again.
 */
export async function bareDeploy(socketPath: string, name: string, nth: number, spec: object) {
  const docker = new Docker({ socketPath })
  const { services } = parseCompose({ spec }).spec
  const subnet = `10.202.${nth % 256}`
  const begunAt = performance.now()
  const network = await docker.createNetwork({
    Name: name,
    Driver: 'bridge',
    CheckDuplicate: true,
    IPAM: { Driver: 'default', Config: [{ Subnet: `${subnet}.0/26`, Gateway: `${subnet}.1` }] },
    Labels: LABELS,
  })
  let host = 2
  const made: Docker.Container[] = []
  const up = async (service: string, ordinal: number): Promise<void> => {
    const wanted = services[service]
    if (!wanted) throw new Error(`there is no service ${service}`)
    const frame = {
      labels: CONTAINER_LABELS,
      network: name,
      address: `${subnet}.${host++}`,
      aliases: [service],
      healthIntervalNs: null,
      volume: (): never => {
        throw new Error('a bare deploy makes no volumes')
      },
    }
    const container = await docker.createContainer({
      name: `${name}-${service}-${ordinal}`,
      ...toContainer(wanted, frame),
    })
    made.push(container)
    await container.start()
  }
  const started = new Map<string, Promise<void>>()
  const startService = async (service: string): Promise<void> => {
    const { dependsOn = {}, replicas = 1 } = services[service] ?? {}
    await Promise.all(Object.keys(dependsOn).map(start))
    const waiting = Array.from({ length: replicas }, (_, index) => index + 1)
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await up(service, next)
    }
    await Promise.all(Array.from({ length: PARALLEL }, worker))
  }
  const start = async (service: string): Promise<void> => {
    const running = started.get(service) ?? startService(service)
    started.set(service, running)
    await running
  }
  await Promise.all(Object.keys(services).map(start))
  const tookMs = performance.now() - begunAt
  return {
    tookMs,
    async remove() {
      await Promise.all(made.map(async (container) => await container.remove({ force: true, v: true })))
      await network.remove()
    },
  }
}
