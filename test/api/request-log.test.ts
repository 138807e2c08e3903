import fastify from 'fastify'
import t from 'tap'
import { RequestLog } from '../../src/http/request-log.ts'
import { createLog } from '../../src/log.ts'

t.test('a request is one line of the log, with its method, path, status and time', async (t) => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const app = fastify({ loggerInstance: log, logController: new RequestLog(log) })
  app.get('/there', async () => 'it is')
  const { statusCode } = await app.inject({ url: '/there?a=1', headers: { authorization: 'Bearer hidden' } })
  t.equal(statusCode, 200)
  t.equal(lines.length, 1, lines.join('\n'))
  t.match(JSON.parse(lines[0] ?? ''), {
    level: 30,
    requestId: String,
    req: { method: 'GET', url: '/there?a=1' },
    res: { statusCode: 200 },
    responseTime: Number,
  })
  t.notMatch(lines.join(), /hidden/)
})
