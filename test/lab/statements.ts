import pg from 'pg'
import type { Teardown } from './database.ts'

/**
 * The statements that this process sends to databases while `work` runs, Prisma's among them. Whatever else the process does meanwhile is
 * counted too.
 */
export function watchStatements(t: Teardown): (work: () => Promise<unknown>) => Promise<string[]> {
  const { query } = pg.Client.prototype
  let seen: string[] | null = null
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...args: [unknown, ...unknown[]]) {
      const [first] = args
      seen?.push(typeof first === 'string' ? first : String(Reflect.get(Object(first), 'text')))
      return Reflect.apply(query, this, args)
    },
  })
  t.teardown(() => void Object.assign(pg.Client.prototype, { query }))
  return async (work) => {
    const statements: string[] = []
    seen = statements
    try {
      await work()
    } finally {
      seen = null
    }
    return statements
  }
}
