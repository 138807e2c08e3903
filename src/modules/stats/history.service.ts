import { problemOf } from './container-stream.ts'
import { unpack } from './ring.ts'
import { HISTORY, type HistoryAnswer, SAMPLE_INTERVAL_MS } from './sampler.ts'
import { findContainers, markWatched, type ContainerRow } from './stats.repository.ts'
import type { StatsHistory } from './stats.schemas.ts'
import { type AppRequest, nameOf, requireAppId, type StatsDeps } from './stats.service.ts'

/** Instances a question: their answer is a row of 1.5 MB at most. */
const A_QUESTION = 100

/** Some instances of one host, and what came of asking for their samples. */
interface Asked {
  readonly some: readonly ContainerRow[]
  readonly answer: HistoryAnswer | null
  /** Why there is none. */
  readonly reason: string | null
}

/**
 * The samples of the last hour that the workers of an app's hosts keep, of its instances that are there, also those that have stopped.
 * What an instance's worker does not answer within 2 s is named in `missing`. They are asked once for all who ask meanwhile and some seconds
 * later: their answers are large. Throws `not_found`.
 */
export async function readAppHistory(
  { db, questions, stats }: StatsDeps,
  { tenantId, app, signal }: AppRequest,
): Promise<StatsHistory> {
  const appId = await requireAppId(db.prisma, tenantId, app)
  const ask = async (ending: AbortSignal): Promise<Asked[]> =>
    await askWorkers({ db, questions }, { tenantId, appId, signal: ending })
  // As they came: unpacked they are several times as large.
  const answers = await stats.histories.get(appId, ask, signal)
  return {
    resolutionSeconds: answers.find(({ answer }) => answer)?.answer?.resolutionSeconds ?? SAMPLE_INTERVAL_MS / 1000,
    instances: answers.flatMap(({ some, answer }) =>
      (answer ? some : []).map((container) => {
        const ring = answer?.rings[container.id]
        return { ...nameOf(container), samples: ring ? unpack(ring) : [] }
      }),
    ),
    missing: answers.flatMap(({ some, reason }) =>
      reason === null ? [] : some.map((container) => ({ ...nameOf(container), reason })),
    ),
  }
}

async function askWorkers(
  { db, questions }: Pick<StatsDeps, 'db' | 'questions'>,
  { tenantId, appId, signal }: { readonly tenantId: string; readonly appId: string; readonly signal: AbortSignal },
): Promise<Asked[]> {
  await markWatched(db.prisma, appId)
  const containers = await findContainers(db.prisma, { tenantId, appId }, { all: true })
  const asked = [...Map.groupBy(containers, ({ hostId }) => hostId).values()].flatMap((ofHost) => chunks(ofHost))
  return await Promise.all(
    asked.map(async (some) => {
      try {
        const question = { instances: some.map(({ id }) => id) }
        const answer = await questions.ask({ hostId: some[0]?.hostId ?? '', kind: HISTORY, question, signal })
        return { some, answer: answer as HistoryAnswer, reason: null }
      } catch (error) {
        signal.throwIfAborted()
        return { some, answer: null, reason: problemOf(error) }
      }
    }),
  )
}

function chunks(containers: readonly ContainerRow[]): (readonly ContainerRow[])[] {
  const count = Math.ceil(containers.length / A_QUESTION)
  return Array.from({ length: count }, (_, index) => containers.slice(index * A_QUESTION, (index + 1) * A_QUESTION))
}
