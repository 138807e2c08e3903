import type { ApiHarness } from '../lab/api.ts'

export interface GraphQLReply {
  readonly status: number
  readonly headers: Record<string, unknown>
  // oxlint-disable-next-line typescript/no-explicit-any -- what a stock client gets: whatever the server says
  readonly body: any
  readonly text: string
}

/** Sends a document to a server as a client does. Every answer must have GraphQL's form, and no stack trace. */
export async function ask(
  api: ApiHarness,
  query: string,
  options: {
    readonly variables?: Record<string, unknown>
    readonly token?: string
    readonly operationName?: string
    readonly accept?: string
  } = {},
): Promise<GraphQLReply> {
  const { variables, token = api.adminToken, operationName, accept = 'application/graphql-response+json' } = options
  const response = await api.app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { authorization: `Bearer ${token}`, accept, 'content-type': 'application/json' },
    payload: JSON.stringify({ query, variables, operationName }),
  })
  const text = response.body
  if (/\n? {4}at |node_modules|\.ts:\d/.test(text)) throw new Error(`a stack trace: ${text}`)
  const body: unknown = JSON.parse(text)
  if (typeof body !== 'object' || body === null || !('data' in body || 'errors' in body))
    throw new Error(`not a GraphQL answer: ${text}`)
  return { status: response.statusCode, headers: response.headers, body, text }
}
