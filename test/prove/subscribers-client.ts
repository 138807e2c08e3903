/**
 * The subscribers of the proof, in a process of their own: opens so many sockets with a subscription each, says when all are there, and at the
 * end how long each event took to each of them.
 */
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

export interface Counts {
  /** Milliseconds from before the writer sent its commit. */
  readonly delays: readonly number[]
  /** Subscribers that have got all of the events, each once and in order. */
  readonly complete: number
}

const QUERY = `subscription ($after: ID) {
  events(tenant: "acme", after: $after) {
    ... on Event { id type app host service operation actor at data }
    ... on Gap { after resumed }
  }
}`

const [url = '', token = '', count = '0', events = '0'] = process.argv.slice(2)
const delays: number[] = []
const seen: number[][] = Array.from({ length: Number(count) }, () => [])
let [ready, done] = [0, 0]

for (const mine of seen) {
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    lazy: false,
  })
  client.subscribe(
    { query: QUERY },
    {
      next({ data }) {
        const { nth, sentAt } = (data as { events: { data: { nth: number; sentAt: number } } }).events.data
        // The first ones are written until everybody has one.
        if (nth === -1) {
          if (mine.length > 0) return
          mine.push(-1)
          ready += 1
          if (ready === seen.length) process.send?.('ready')
          return
        }
        delays.push(performance.timeOrigin + performance.now() - sentAt)
        mine.push(nth)
        if (nth === Number(events) - 1 && ++done === seen.length) report()
      },
      error: (error) => {
        throw new Error('a subscription ended', { cause: error })
      },
      complete() {},
    },
  )
}
process.on('message', report)

function report(): void {
  const complete = seen.filter(
    ([, ...nths]) => nths.length === Number(events) && nths.every((nth, index) => nth === index),
  ).length
  process.send?.({ delays, complete } satisfies Counts, () => process.exit())
}
