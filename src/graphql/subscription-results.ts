import { createSourceEventStream, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql'
import { abortable, linked } from '../lib/abort.ts'
import type { GraphQLContext } from '../web/index.ts'
import type { ExecuteShared } from './shared-results.ts'

export interface SubscriptionArgs {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName: string | null
  readonly variables: Readonly<Record<string, unknown>>
  /** A new one for each event: what its loaders remember is of that moment. */
  readonly context: (gone: AbortSignal) => GraphQLContext
  readonly execute: ExecuteShared
  /** Ends it. */
  readonly signal: AbortSignal
  /** Called once when it is over, however it ends. */
  readonly onEnd: () => void
}

/**
 * The results of a subscription, one for each thing that its source brings, made when it is asked for; or the one result that says why it could
 * not begin. `return` ends it at once, whatever it waits for.
 */
export async function openResults(args: SubscriptionArgs): Promise<ExecutionResult | AsyncGenerator<ExecutionResult>> {
  const left = new AbortController()
  const { signal: over, letGo } = linked(args.signal, left.signal)
  const onEnd = (): void => {
    letGo()
    args.onEnd()
  }
  const common = {
    schema: args.schema,
    document: args.document,
    operationName: args.operationName,
    variableValues: args.variables,
  }
  const source = await opened(
    Promise.resolve(createSourceEventStream({ ...common, contextValue: args.context(over) })),
    over,
    onEnd,
  )
  if (!(Symbol.asyncIterator in source)) {
    onEnd()
    return source
  }
  const payloads = source[Symbol.asyncIterator]()
  let isOver = false
  let giveUp: (() => void) | null = null
  over.addEventListener('abort', () => giveUp?.(), { once: true })
  /** The source's next; none once it is over. `over` is listened to once, not for each. */
  const nextPayload = async (): Promise<IteratorResult<unknown>> =>
    await new Promise((resolve, reject) => {
      giveUp = () => resolve({ done: true, value: undefined })
      payloads.next().then(resolve, reject)
    })
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    left.abort()
    if (!isOver) onEnd()
    isOver = true
    payloads.return?.().catch(() => {})
    return { done: true, value: undefined }
  }
  const results: AsyncGenerator<ExecutionResult> = {
    async next() {
      if (over.aborted) return await end()
      let payload: IteratorResult<unknown>
      try {
        payload = await nextPayload()
      } catch (error) {
        await end()
        if (over.aborted) return { done: true, value: undefined }
        throw error
      }
      if (payload.done) return await end()
      return {
        done: false,
        value: await args.execute(payload.value, () => ({
          ...common,
          rootValue: payload.value,
          contextValue: args.context(over),
        })),
      }
    },
    return: end,
    async throw(error) {
      await end()
      throw error
    },
    [Symbol.asyncIterator]: () => results,
    async [Symbol.asyncDispose]() {
      await end()
    },
  }
  return results
}

async function opened<T>(opening: Promise<T>, over: AbortSignal, onEnd: () => void): Promise<T> {
  try {
    return await abortable(opening, over)
  } catch (error) {
    onEnd()
    throw error
  }
}
