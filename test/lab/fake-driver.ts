import { randomUUID } from 'node:crypto'
import type { CallOptions, Driver, Identity, InventoryItem, ObservedInstance } from '../../src/drivers/index.ts'
import { AppError } from '../../src/errors/app-error.ts'
import type { DesiredApp, Step } from '../../src/planning/index.ts'
import { applyStep, type SimulatedApp } from '../../src/planning/simulate.ts'
import { fakeExec } from './fake-exec.ts'
import { FakeLogs } from './fake-logs.ts'
import { fakeStats } from './fake-stats.ts'
import { followFake } from './fake-follow.ts'
import { containerOf, type Entry, isKnown, isSame, noImage, type Owner } from './fake-state.ts'
import { IMAGES } from './images.ts'

/** A request to the engine, for what misbehaves. */
export interface FakeCall {
  readonly method: 'probe' | 'observe' | 'execute' | 'inspect' | 'tail' | 'follow' | 'mark' | 'stats' | 'logs' | 'exec'
  /** Of `execute`. */
  readonly step: Step | null
  readonly desired: DesiredApp | null
}

/** How long a container takes to become healthy, or to exit. */
const SOON_MS = 20
const NOTHING: SimulatedApp = { network: null, volumes: [], containers: [], objects: [] }

/**
 * An engine in memory, whose containers behave as those of the lab's images do. For what a real engine can't be made to do: to hang, to
 * fail at one call, to be cut off between two. It refuses what src/planning/simulate.ts refuses.
 */
export class FakeEngine {
  /** Called before a request has any effect; what it throws is the request's failure. */
  before: (call: FakeCall) => Promise<void> | void = () => {}
  /** Called after it had its effect, before the caller learns. */
  after: (call: FakeCall) => Promise<void> | void = () => {}
  /** Does not answer any more: `host_unreachable`. */
  away = false
  /** Those who follow hear nothing, as with an engine that passes over a late reader. */
  silent = false
  /** How many follow it. */
  followers = 0
  /** Steps in the order of their effects. */
  readonly steps: { readonly app: string; readonly id: string }[] = []
  /** Followed iterations of stats that are open. */
  readonly stats = { streams: 0 }
  readonly logs = new FakeLogs()
  readonly #apps: Entry[] = []
  readonly #marks = new Map<string, string>()

  connect(identity: Identity): Driver {
    const call = async <T>(options: CallOptions, about: FakeCall, work: () => Promise<T> | T): Promise<T> => {
      options.signal.throwIfAborted()
      options.guard?.()
      const { promise: aborted, reject } = Promise.withResolvers<never>()
      const abort = () => reject(options.signal.reason)
      options.signal.addEventListener('abort', abort)
      const carryOut = async () => {
        await this.before(about)
        if (this.away) throw new AppError('host_unreachable', { detail: 'the fake engine is away' })
        options.signal.throwIfAborted()
        const result = await work()
        await this.after(about)
        return result
      }
      try {
        return await Promise.race([carryOut(), aborted])
      } finally {
        options.signal.removeEventListener('abort', abort)
      }
    }
    const plain = (method: FakeCall['method']): FakeCall => ({ method, step: null, desired: null })
    const mine = ({ owner }: Entry) => owner.installation === identity.installation
    const ours = (nativeId: string): ObservedInstance | null => {
      const found = this.#find(nativeId)
      return found && mine(found) ? this.#instance(found, nativeId) : null
    }

    return {
      capabilities: { kind: 'docker', subnets: true, ownIdentity: false },
      probe: async (options) =>
        await call(options, plain('probe'), () => ({
          version: '99.0',
          apiVersion: '1.44',
          capacity: { cpus: 4, memory: 8e9 },
          markerHostId: this.#marks.get(identity.installation) ?? null,
          facts: null,
        })),
      mark: async (options) =>
        await call(options, plain('mark'), () => {
          const { installation, hostId } = identity
          if (!this.#marks.has(installation)) this.#marks.set(installation, hostId)
          return this.#marks.get(installation) ?? hostId
        }),
      unmark: async (options) =>
        await call(options, plain('mark'), () => {
          if (this.#marks.get(identity.installation) === identity.hostId) this.#marks.delete(identity.installation)
        }),
      observe: async ({ appId }, options) =>
        await call(options, plain('observe'), () => {
          const entries = this.#apps.filter(
            (entry) => mine(entry) && (appId === undefined || entry.owner.app.id === appId),
          )
          for (const _ of ['containers', 'networks', 'volumes']) options.guard?.()
          const instances = entries.flatMap((entry) =>
            entry.state.containers.map((container) => {
              options.guard?.()
              return this.#instance(entry, container.nativeId)
            }),
          )
          const objects = entries.flatMap(({ owner, state: { network, volumes } }) => {
            const of = { tenantId: owner.tenant.id, appId: owner.app.id }
            return [
              ...(network ? [{ kind: 'network' as const, ...of, ...network, key: 'default', state: null }] : []),
              ...volumes.map(({ nativeId, key }) => ({
                kind: 'volume' as const,
                ...of,
                nativeId,
                name: nativeId,
                key,
                subnet: null,
                state: null,
              })),
            ]
          })
          return { instances: instances.flatMap((instance) => instance ?? []), objects }
        }),
      execute: async (step, desired, options) =>
        await call(
          options,
          { method: 'execute', step, desired },
          async () => await this.#execute(identity, step, desired),
        ),
      progress: async ({ id }) => {
        throw new AppError('internal', { detail: `${id}: this engine has no declared objects` })
      },
      inspect: async (nativeId, options) => await call(options, plain('inspect'), () => ours(nativeId)),
      tail: async (nativeId, lines, options) =>
        await call(options, plain('tail'), () => {
          const found = this.#find(nativeId)
          if (!found || !mine(found)) return []
          const container = containerOf(found, nativeId)
          const { image } = found.made.get(container?.nativeId ?? '') ?? {}
          return image === IMAGES.crash ? ['one line', 'it broke'].slice(-lines) : []
        }),
      follow: async (options) => await call(options, plain('follow'), () => followFake(this, identity, options)),
      logs: (nativeId, wanted, options) =>
        this.logs.read(wanted, options.signal, async () => await call(options, plain('logs'), () => ours(nativeId))),
      stats: (nativeId, { follow }, options) =>
        fakeStats(
          this.stats,
          follow,
          options.signal,
          async () => await call(options, plain('stats'), () => ours(nativeId)?.runningForMs ?? null),
        ),
      exec: async (nativeId, wanted, options) =>
        await call(options, plain('exec'), () => {
          const seen = ours(nativeId)
          if (!seen) throw new AppError('not_found', { detail: 'there is no such instance' })
          if (seen.state !== 'running') throw new AppError('conflict', { detail: 'the instance does not run' })
          return fakeExec(wanted, options.signal)
        }),
      inventory: async (kind, options) =>
        await call(options, plain('observe'), () => {
          const item = (name: string, entry: Entry | null): InventoryItem => ({
            id: name,
            name,
            managed: entry !== null && mine(entry),
            tenant: entry && mine(entry) ? entry.owner.tenant.name : null,
            app: entry && mine(entry) ? entry.owner.app.name : null,
            state: null,
            image: null,
            sizeBytes: kind === 'images' ? 1 : null,
            labels: {},
            createdAt: null,
          })
          if (kind === 'images') return Object.values(IMAGES).map((image) => item(image, null))
          return this.#apps.flatMap((entry) => {
            const { network, volumes, containers } = entry.state
            if (kind === 'networks') return network ? [item(network.name, entry)] : []
            const names =
              kind === 'volumes' ? volumes.map(({ nativeId }) => nativeId) : containers.map(({ name }) => name)
            return names.map((name) => item(name, entry))
          })
        }),
      close: async () => {},
    }
  }

  /** Somebody else takes a container away by hand. */
  remove(nativeId: string): void {
    const entry = this.#find(nativeId)
    if (!entry) throw new Error(`there is no container ${nativeId}`)
    entry.state = { ...entry.state, containers: entry.state.containers.filter((each) => each.nativeId !== nativeId) }
  }

  /** The marker of an installation gets lost. */
  loseMarker(): void {
    this.#marks.clear()
  }

  /** Containers of an app, by its name, and of an installation. */
  containers(app?: string, installation?: string): ObservedInstance[] {
    return this.#apps
      .filter(({ owner }) => owner.app.name === (app ?? owner.app.name))
      .filter(({ owner }) => owner.installation === (installation ?? owner.installation))
      .flatMap((entry) => entry.state.containers.flatMap(({ nativeId }) => this.#instance(entry, nativeId) ?? []))
  }

  #find(nativeIdOrName: string): Entry | null {
    return this.#apps.find((entry) => containerOf(entry, nativeIdOrName)) ?? null
  }

  async #execute(
    identity: Identity,
    step: Step,
    desired: DesiredApp,
  ): Promise<{ result: 'done' } | { result: 'subnet_taken' }> {
    const owner: Owner = { installation: identity.installation, tenant: desired.tenant, app: desired.app }
    this.#refuseForeign(owner, step)
    const entry = this.#entry(owner)
    const { network, volumes } = entry.state
    const service = step.service === null ? undefined : desired.spec?.services[step.service]
    switch (step.action) {
      case 'pull_image':
        if (!isKnown(step.target)) throw noImage(step.target)
        break
      case 'create_network':
        if (network) break
        if (this.#apps.some(({ state }) => state.network && state.network.subnet === desired.subnet))
          return { result: 'subnet_taken' }
        entry.state = {
          ...entry.state,
          network: { nativeId: randomUUID(), name: step.target, subnet: desired.subnet },
        }
        break
      case 'remove_network':
        if (network && entry.state.containers.length > 0)
          throw new AppError('internal', { detail: 'the network has containers' })
        entry.state = { ...entry.state, network: null }
        break
      case 'create_volume': {
        const key = Object.keys(desired.spec?.volumes ?? {}).find((name) => step.target.endsWith(`_${name}`)) ?? ''
        if (volumes.some(({ nativeId }) => nativeId === step.target)) break
        entry.state = { ...entry.state, volumes: [...volumes, { nativeId: step.target, key }] }
        break
      }
      case 'remove_volume':
        entry.state = { ...entry.state, volumes: volumes.filter(({ nativeId }) => nativeId !== step.nativeId) }
        break
      case 'create_container': {
        if (containerOf(entry, step.target)) break
        const image = service?.image ?? ''
        if (!isKnown(image)) throw noImage(image)
        const known = new Set(entry.state.containers.map(({ nativeId }) => nativeId))
        const { observed } = applyStep(entry.state, step, desired)
        const nativeId = randomUUID()
        entry.state = {
          ...observed,
          containers: observed.containers.map((each) => (known.has(each.nativeId) ? each : { ...each, nativeId })),
        }
        const command = service?.command?.join(' ') ?? ''
        entry.made.set(nativeId, {
          image,
          command,
          exitCode: image === IMAGES.crash ? 3 : image === IMAGES.once ? 0 : null,
          healthy: image !== IMAGES.broken,
          stubborn: command.includes('trap ""'),
          generation: desired.restartGeneration,
          createdAt: Date.now(),
          address: (desired.subnet ?? '10.201.0.0/26').replace(/\d+\/\d+$/, '5'),
          startedAt: null,
        })
        break
      }
      default:
        await this.#change(entry, step, desired)
    }
    this.steps.push({ app: owner.app.name, id: step.id })
    return { result: 'done' }
  }

  async #change(entry: Entry, step: Step, desired: DesiredApp): Promise<void> {
    const seen = this.#instance(entry, step.nativeId ?? step.target)
    if (!seen) {
      if (step.action !== 'start_container' && step.action !== 'promote') return
      throw new AppError('internal', { detail: `${step.target} went away` })
    }
    const made = entry.made.get(seen.nativeId)
    const apply = (action: Step['action']): void => {
      const now = this.#instance(entry, seen.nativeId)
      const state = {
        ...entry.state,
        containers: entry.state.containers.map((each) => (now && each.nativeId === seen.nativeId ? now : each)),
      }
      const { observed, failed } = applyStep(
        state,
        { ...step, action, nativeId: seen.nativeId, target: seen.name },
        desired,
        {
          stopCode: 0,
        },
      )
      if (failed !== null) throw new AppError('port_conflict', { detail: failed })
      entry.state = observed
    }
    const alive = seen.state === 'running' || seen.state === 'restarting'
    if (step.action === 'start_container') {
      if (alive) return
      if (made?.command.startsWith('/no/')) throw new AppError('unsupported', { detail: 'no such program' })
      const wanted = new Set(seen.ports.map(({ hostPort }) => hostPort))
      const held = this.containers().filter(({ state }) => state === 'running')
      if (held.some(({ ports }) => ports.some(({ hostPort }) => wanted.has(hostPort))))
        throw new AppError('port_conflict', { detail: 'the host port is taken' })
      apply('start_container')
      if (made) made.startedAt = Date.now()
      return
    }
    if (step.action === 'stop_container' || step.action === 'remove_container') {
      if (alive && made?.stubborn && step.action === 'stop_container') await new Promise(() => {})
      if (alive) apply('stop_container')
      if (step.action === 'remove_container') apply('remove_container')
      return
    }
    apply(step.action)
  }

  #refuseForeign(owner: Owner, step: Step): void {
    for (const other of this.#apps) {
      if (isSame(other.owner, owner)) continue
      const { network, volumes } = other.state
      const taken =
        network?.name === step.target ||
        volumes.some(({ nativeId }) => nativeId === step.target) ||
        containerOf(other, step.target) ||
        (step.nativeId !== null && containerOf(other, step.nativeId))
      if (taken) throw new AppError('field_conflict', { detail: `${step.target} belongs to another` })
    }
  }

  #entry(owner: Owner): Entry {
    const found = this.#apps.find((entry) => isSame(entry.owner, owner))
    if (found) return found
    const entry: Entry = { owner, state: NOTHING, made: new Map() }
    this.#apps.push(entry)
    return entry
  }

  /** A container as it is after the time that has passed. */
  #instance(entry: Entry, nativeIdOrName: string): ObservedInstance | null {
    const container = containerOf(entry, nativeIdOrName)
    const made = container && entry.made.get(container.nativeId)
    if (!container || !made) return null
    const ranMs = made.startedAt === null ? 0 : Date.now() - made.startedAt
    const runs = container.state === 'running'
    const exited = runs && made.exitCode !== null && ranMs >= SOON_MS
    const health = ranMs < SOON_MS ? 'starting' : made.healthy ? 'healthy' : 'unhealthy'
    return {
      ...container,
      state: exited ? 'exited' : container.state,
      exitCode: exited ? made.exitCode : container.exitCode,
      health: container.health === null || !runs || exited ? null : health,
      runningForMs: runs && !exited ? ranMs : null,
      tenantId: entry.owner.tenant.id,
      appId: entry.owner.app.id,
      image: made.image,
      imageDigest: 'sha256:fake',
      addresses: runs ? [made.address] : [],
      ports: (container.ports ?? []).map(({ hostPort, protocol }) => ({
        containerPort: 80,
        hostPort,
        hostIp: '0.0.0.0',
        protocol,
      })),
      startedAt: made.startedAt === null ? null : new Date(made.startedAt).toISOString(),
      createdAt: new Date(made.createdAt).toISOString(),
      restartGeneration: made.generation,
    }
  }
}
