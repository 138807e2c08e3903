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

t.test('a command is in no line, however its address is written', async (t) => {
  const lines: string[] = []
  const log = createLog('debug', { write: (line) => void lines.push(line) })
  const app = fastify({ loggerInstance: log, logController: new RequestLog(log) })
  // The framework's own has the address in its message.
  app.setNotFoundHandler(async (_request, reply) => await reply.code(404).send())
  app.get('/v1/instances/:id/exec', async () => 'it is')
  for (const path of ['exec', '%65xec', 'e%78ec', 'exec/', 'EXEC', 'exce'])
    await app.inject({ url: `/v1/instances/1/${path}?tty=true&command=hunter2` })
  t.equal(lines.filter((line) => line.includes('request completed')).length, 6)
  t.notMatch(lines.join(), /hunter2/)
})
