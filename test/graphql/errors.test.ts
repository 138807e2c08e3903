import { GraphQLError } from 'graphql'
import t from 'tap'
import { AppError } from '../../src/errors/app-error.ts'
import { shownErrors } from '../../src/graphql/errors.ts'

t.test('what GraphQL quotes of a request is told to its client alone, and not at length', async (t) => {
  const lines: unknown[] = []
  const log = { error: (...line: unknown[]) => lines.push(line), debug: (...line: unknown[]) => lines.push(line) }
  const message = `Variable "$c" got invalid value "hunter2${'𝕏'.repeat(5000)}"; Int cannot represent non-integer value`
  const [shown] = shownErrors([new GraphQLError(message)], { requestId: 'r', log })
  t.match(shown, { message: /hunter2/, extensions: { code: 'bad_request', requestId: 'r' } })
  t.ok((shown?.message.length ?? 0) < 1100)
  t.ok(shown?.message.isWellFormed())
  t.match(lines, [[{ code: 'bad_request', requestId: 'r' }, String]])
  t.notMatch(JSON.stringify(lines), /hunter2/)
})

t.test("places in a body are places in the field's arguments", async (t) => {
  const log = { error() {}, debug() {} }
  const errors = ['/body', '/body/expiresAt', '/bodyguard'].map((path) => ({ path, message: 'is wrong' }))
  const originalError = new AppError('bad_request', { detail: 'wrong', errors })
  const [ofField] = shownErrors([new GraphQLError('wrong', { path: ['createToken'], originalError })], {
    requestId: 'r',
    log,
  })
  t.match(ofField?.extensions.errors, [
    { path: '/arguments' },
    { path: '/arguments/expiresAt' },
    { path: '/bodyguard' },
  ])
  const [ofRequest] = shownErrors([originalError], { requestId: 'r', log })
  t.match(ofRequest?.extensions.errors, [{ path: '/body' }])
})
