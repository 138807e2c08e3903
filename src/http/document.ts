import { pino } from 'pino'
import type { Database } from '../db/index.ts'
import type { Sealer } from '../lib/seal.ts'
import { createHostAccess } from '../modules/hosts/index.ts'
import { createOutbound } from '../outbound/index.ts'
import { buildServer } from './server.ts'

/** The OpenAPI document of all routes, made without a database or an engine: to register a route touches neither. */
export async function openapiDocument(): Promise<object> {
  const sealer: Sealer = { keyIds: ['none'], seal: () => missing('sealer'), open: () => missing('sealer') }
  const hosts = createHostAccess({ db: NO_DATABASE, sealer, installation: '', createDriver: () => missing('driver') })
  const app = await buildServer({
    db: NO_DATABASE,
    sealer,
    installation: '',
    hosts,
    outbound: createOutbound({ allow: [] }),
    log: pino({ level: 'silent' }),
    checks: {},
  })
  try {
    return app.swagger()
  } finally {
    await app.close()
  }
}

const NO_DATABASE: Database = {
  get prisma() {
    return missing('database')
  },
  transaction: () => missing('database'),
  listen: () => missing('database'),
  ping: () => missing('database'),
  connections: () => missing('database'),
  close: async () => {},
}

function missing(what: string): never {
  throw new Error(`there is no ${what} where only the document is made`)
}
