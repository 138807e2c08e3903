import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import type { Database } from '../../src/db/index.ts'
import { CHANNELS, notify } from '../../src/db/index.ts'
import type { Driver } from '../../src/drivers/index.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { Observer } from '../../src/observer/index.ts'
import { newWorkerId, Runner } from '../../src/runner/index.ts'
import { apiHarness, type ApiHarness } from '../lab/api.ts'
import type { Teardown } from '../lab/database.ts'
import { FakeEngine } from '../lab/fake-driver.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/server.ts'

const log = pino({ level: process.env.LAB_LOG ?? 'silent' })

export interface LabWorker {
  readonly id: string
  readonly runner: Runner
  readonly observer: Observer
  stop(): Promise<void>
}

export interface RunnerLab {
  readonly api: ApiHarness
  readonly db: Database
  readonly engine: FakeEngine
  readonly hostId: string
  worker(options?: WorkerOptions): Promise<LabWorker>
  /** Applies a spec to `acme`'s app; gives the operation as it was accepted. */
  apply(app: string, spec: object, query?: string): Promise<{ id: string }>
  request(method: string, path: string, body?: object): Promise<{ id: string }>
  operation(id: string): ReturnType<typeof operationOf>
  /** Waits for an operation's end. */
  ended(id: string, deadlineMs?: number): ReturnType<typeof operationOf>
  app(name: string): ReturnType<typeof appOf>
  /** Takes the lease of an operation away from whoever has it, as if it had run out. */
  steal(id: string): Promise<void>
}

export interface WorkerOptions {
  readonly slots?: number
  readonly progressDeadlineMs?: number
  /** Default: none, only looks. */
  readonly observeMs?: number
  readonly runs?: boolean
  readonly driver?: (hostId: string) => Promise<Driver>
}

/** The API, a fake engine as host `h1`, the tenants `acme` and `other`, and as many workers as a test asks for. */
export async function runnerLab(t: Teardown, { socket = false, historyKeptMs = 0 } = {}): Promise<RunnerLab> {
  const engine = new FakeEngine()
  const api = await apiHarness(t, { createDriver: (_kind, { identity }) => engine.connect(identity), historyKeptMs })
  const { db } = api
  await api.tenant('acme')
  await api.tenant('other')
  const endpoint = socket ? { socketPath: '/run/fake.sock' } : { url: 'tcp://192.0.2.1:2375' }
  const host = await api.request('POST', '/v1/hosts', { body: { name: 'h1', kind: 'docker', endpoint } })
  if (host.status !== 201) throw new Error(`no host: ${host.text}`)

  const request: RunnerLab['request'] = async (method, path, body) => {
    const answer = await api.request(method, path, { body })
    if (answer.status >= 300 || !answer.body.operation) throw new Error(`${method} ${path}: ${answer.text}`)
    return answer.body.operation
  }
  const ended: RunnerLab['ended'] = async (id, deadlineMs = 60_000) => {
    let last = await operationOf(db, id)
    const isOver = async () => {
      last = await operationOf(db, id)
      return last.finishedAt !== null
    }
    await eventually(`operation ${id} ends`, isOver, deadlineMs).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(last, null, 1)}`)
    })
    return last
  }

  return {
    api,
    db,
    engine,
    hostId: host.body.id,
    request,
    ended,
    operation: async (id) => await operationOf(db, id),
    app: async (name) => await appOf(db, name),
    apply: async (app, spec, query = '') => await request('PUT', `/v1/tenants/acme/apps/${app}${query}`, { spec }),
    async steal(id) {
      await db.prisma.$executeRaw`
        update operations set lease_owner = ${randomUUID()}::uuid, lease_until = now() - interval '1 second'
        where id = ${id}::uuid and lease_owner is not null`
      await notify(db.prisma, CHANNELS.work)
    },
    async worker({ slots = 32, progressDeadlineMs = 600_000, observeMs, runs = true, driver = api.hosts.driver } = {}) {
      const id = newWorkerId()
      const observer = new Observer({ db, log, workerId: id, intervalMs: observeMs ?? 3_600_000, driver })
      if (observeMs !== undefined) {
        await db.prisma.replica.create({ data: { id, roles: 'worker', version: 'lab', keys: '' } })
        await observer.start()
      }
      const runner = new Runner({
        db,
        log,
        installation: api.installation,
        observer,
        connect: async (hostId, call) => {
          if (engine.away) throw new AppError('host_unreachable', { detail: 'the fake engine is away', host: 'h1' })
          return await api.hosts.connect(hostId, call)
        },
        candidates: async () => await api.hosts.loadCandidates(db.prisma),
        subnets: ['10.201.0.0/16'],
        progressDeadlineMs,
        workerId: id,
        slots,
      })
      if (runs) await runner.start()
      let stopped: Promise<void> | null = null
      const end = async () => {
        await db.prisma.replica.deleteMany({ where: { id } })
        if (runs) await runner.stop()
        if (observeMs !== undefined) await observer.stop()
      }
      const stop = async () => await (stopped ??= end())
      t.teardown(stop)
      return { id, runner, observer, stop }
    },
  }
}

async function operationOf(db: Database, id: string) {
  return await db.prisma.operation.findUniqueOrThrow({ where: { id }, include: { steps: { orderBy: { seq: 'asc' } } } })
}

async function appOf(db: Database, name: string) {
  return await db.prisma.app.findFirstOrThrow({ where: { name }, include: { operations: { orderBy: { id: 'asc' } } } })
}

/** A service that is healthy at once; `different` as Compose has it. */
export function web(different: object = {}): object {
  return {
    image: IMAGES.web1,
    pull_policy: 'never',
    healthcheck: { test: ['CMD', '/bin/check'], interval: '1s', retries: 2 },
    ...different,
  }
}

export const specOf = (services: Record<string, object>, more: object = {}): object => ({ services, ...more })
