/** What a start and the memory of a server of ours are held against: the same Node, the same web framework, one route. */
import fastify from 'fastify'

const server = fastify({ logger: true })
server.get('/', async () => ({ hello: 'world' }))
const url = await server.listen({ host: '127.0.0.1', port: 0 })
server.log.info({ url }, 'ready')
