import { CHANNELS, type Tx } from '../../db/types.ts'

/** How long a question may be answered, and how long its row is left by who asked it. */
const ANSWERABLE_S = 10

export interface Question {
  readonly id: string
  readonly hostId: string
  readonly kind: string
  readonly question: unknown
}

/** Asks, and wakes those who may answer, in one statement. False where no worker observes the host now. */
export async function insertQuestion(tx: Tx, { id, hostId, kind, question }: Question): Promise<boolean> {
  const asked = await tx.$queryRaw<unknown[]>`
    WITH asked AS (
      INSERT INTO worker_questions (id, host_id, kind, question)
      SELECT ${id}::uuid, h.id, ${kind}, ${JSON.stringify(question)}::jsonb
      FROM hosts h WHERE h.id = ${hostId}::uuid AND h.observer_until > now()
      RETURNING host_id)
    SELECT pg_notify(${CHANNELS.question}, host_id::text) FROM asked`
  return asked.length > 0
}

/** What was answered; null: nothing yet. */
export async function findAnswer(tx: Tx, id: string): Promise<{ answer: unknown } | null> {
  const [row] = await tx.$queryRaw<{ answer: unknown }[]>`
    SELECT answer FROM worker_questions WHERE id = ${id}::uuid AND answer IS NOT NULL`
  return row ?? null
}

export async function deleteQuestion(tx: Tx, id: string): Promise<void> {
  await tx.$executeRaw`DELETE FROM worker_questions WHERE id = ${id}::uuid`
}

/** Questions about the hosts that a worker observes, which nobody has answered. */
export async function findOpenQuestions(tx: Tx, workerId: string): Promise<Question[]> {
  return await tx.$queryRaw<Question[]>`
    SELECT q.id, q.host_id AS "hostId", q.kind, q.question
    FROM worker_questions q JOIN hosts h ON h.id = q.host_id
    WHERE h.observer_id = ${workerId}::uuid AND q.answer IS NULL
      AND q.created_at > now() - make_interval(secs => ${ANSWERABLE_S}::float8)
    ORDER BY q.created_at`
}

/** Answers, and wakes the asker, in one statement. The first answer is the one: of no effect where there is one, or nobody waits any more. */
export async function writeAnswer(tx: Tx, id: string, answer: unknown): Promise<void> {
  await tx.$executeRaw`
    WITH answered AS (
      UPDATE worker_questions SET answer = ${JSON.stringify(answer)}::jsonb WHERE id = ${id}::uuid AND answer IS NULL
      RETURNING id)
    SELECT pg_notify(${CHANNELS.answer}, id::text) FROM answered`
}

/** Takes away what askers that died have left. */
export async function pruneQuestions(tx: Tx): Promise<number> {
  return await tx.$executeRaw`DELETE FROM worker_questions WHERE created_at < now() - interval '1 minute'`
}
