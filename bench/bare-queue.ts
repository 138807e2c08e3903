import pg from 'pg'
import type { Scene } from '../test/prove/scene.ts'

const TABLES = `
  create table bare_lanes (id int primary key, busy boolean not null);
  create table bare_queue (id int primary key, lane int not null references bare_lanes, status text not null, started_at timestamptz);
  create index on bare_queue (id) where status = 'queued';
  create table bare_accepted (id int primary key)`
const CLAIM = `
  update bare_queue set status = 'running', started_at = clock_timestamp() where id = (
    select q.id from bare_queue q join bare_lanes l on l.id = q.lane
    where q.status = 'queued' and not l.busy order by q.id for update of q skip locked limit 1)
  returning id`

/** The least that a queue in Postgres is: rows that a LISTEN wakes a loop for, which claims by one statement. Nothing is done with what it claims. */
export async function bareQueue(scene: Scene, databaseUrl: string) {
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    scene.teardown(async () => await client.end())
    return client
  }
  const [accepts, listens, claims] = [await connect(), await connect(), await connect()]
  await accepts.query(TABLES)
  let claimed = (_id: number): void => {}
  listens.on('notification', () => {
    void claims.query<{ id: number }>(CLAIM).then(({ rows }) => rows[0] && claimed(rows[0].id))
  })
  await listens.query('listen bare_queue')
  return {
    /** So many that wait in busy lanes, ten in each. */
    async fill(count: number): Promise<void> {
      await accepts.query('insert into bare_lanes select n, true from generate_series(1, $1::int) n', [count / 10])
      await accepts.query(
        `insert into bare_queue select -n, 1 + n % ($1::int / 10), 'queued' from generate_series(1, $1::int) n`,
        [count],
      )
      await accepts.query('analyze bare_queue, bare_lanes')
    },
    /** From the commit of an insert to the claim. */
    async measure(nth: number): Promise<number> {
      const done = new Promise<void>((resolve) => {
        claimed = (id) => id === nth && resolve()
      })
      await accepts.query('begin')
      await accepts.query('insert into bare_lanes values (-$1::int, false)', [nth])
      await accepts.query(`insert into bare_queue values ($1, -$1::int, 'queued')`, [nth])
      await accepts.query('insert into bare_accepted values ($1)', [nth])
      await accepts.query(`select pg_notify('bare_queue', '')`)
      await accepts.query('commit')
      await done
      const { rows } = await accepts.query<{ ms: number }>(
        `select extract(epoch from q.started_at - pg_xact_commit_timestamp(a.xmin))::float8 * 1000 as ms
         from bare_queue q join bare_accepted a using (id) where id = $1`,
        [nth],
      )
      return rows[0]?.ms ?? Number.NaN
    },
  }
}
