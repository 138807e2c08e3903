import type { Test } from 'tap'
import type { OwnPostgres } from '../lab/database.ts'
import { ownPostgres } from '../lab/database.ts'
import { requireEngines, type LabEngine } from '../lab/engines.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually, type LabServer } from '../lab/server.ts'
import { addHost, must, ourContainers, Scene, webService } from '../prove/scene.ts'

/** Two replicas that take some seconds to roll out. */
export const appOf = (image: string): object => ({
  services: { web: webService(image, { deploy: { replicas: 2 } }) },
})

export interface Stage {
  readonly scene: Scene
  readonly postgres: OwnPostgres
  readonly engine: LabEngine
}

/** Runs `play` with a Postgres and an engine of its own. */
export async function onStage(t: Test, play: (stage: Stage) => Promise<void>): Promise<void> {
  if (!(await requireEngines(t))) return
  await Scene.run(async (scene) => {
    const postgres = await ownPostgres(scene)
    const engine = await scene.engine({ tcp: false })
    await play({ scene, postgres, engine })
  })
}

/** The host and a tenant. */
export async function furnish(server: LabServer, engine: LabEngine): Promise<void> {
  await addHost(server, 'h1', engine)
  await must(server, 'POST', '/v1/tenants', { name: 'acme' })
}

/** Exactly two running containers of the image, and no other of ours. */
export async function runsExactly(engine: LabEngine, image: string): Promise<void> {
  await eventually(
    `exactly two of ${image} run`,
    async () => {
      const containers = await ourContainers(engine).catch(() => [])
      return (
        containers.length === 2 &&
        new Set(containers.map(({ ordinal }) => ordinal)).size === 2 &&
        containers.every((container) => container.state === 'running' && container.image === image)
      )
    },
    20_000,
  )
}

/** Resolves once the operation has begun its `count`-th step. */
export async function atStep(server: LabServer, id: string, count: number): Promise<void> {
  await eventually(`step ${count} of ${id} begins`, async () => {
    const { status, body } = await server.request('GET', `/v1/operations/${id}`)
    return status === 200 && body.steps.length >= count
  })
}

export { IMAGES }
