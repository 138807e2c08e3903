// The image's health check: 0 where the process works. Node alone, no packages.
//
// With the role `api`: it answers /healthz, which it does once its start is over. Not /readyz: while the database is away, nothing is
// mended by restarting us, and whoever restarts unhealthy containers would. A worker alone listens nowhere: it keeps a
// connection to the database open all the time, and that is looked for.
import { readFileSync } from 'node:fs'
import { get } from 'node:http'

const ESTABLISHED = '01'
const TIMEOUT_MS = 4000

const { MOORAGE_ROLES, MOORAGE_PORT, DATABASE_URL, DATABASE_URL_FILE } = process.env
const roles = (MOORAGE_ROLES || 'api,worker').split(',')
const healthy = roles.includes('api') ? await answers(MOORAGE_PORT || '7080') : isConnected(databasePort())
if (!healthy)
  process.stderr.write(roles.includes('api') ? 'the API does not answer\n' : 'no connection to the database\n')
process.exit(healthy ? 0 : 1)

/** @param {string} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const call = get({ host: '127.0.0.1', port, path: '/healthz', timeout: TIMEOUT_MS }, (reply) => {
      resolve(reply.statusCode === 200)
    })
    call.on('timeout', () => resolve(false))
    call.on('error', () => resolve(false))
  })
}

function databasePort() {
  const url = DATABASE_URL || readFileSync(String(DATABASE_URL_FILE), 'utf8').trim()
  return Number(new URL(url).port || 5432)
}

/** Whether this container has an open connection to that port of another. @param {number} port */
function isConnected(port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
  return lines.some((line) => {
    const [, , remote, state] = line.trim().split(/\s+/)
    return state === ESTABLISHED && remote?.endsWith(suffix)
  })
}
