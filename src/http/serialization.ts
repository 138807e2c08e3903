import buildFastify from '@fastify/fast-json-stringify-compiler'

type BuildCompiler = ReturnType<typeof buildFastify>
type Serializer = ReturnType<ReturnType<BuildCompiler>>

/**
 * Fastify's own serialisers of answers, each compiled when the first answer of its schema leaves, and once for all routes that have
 * it. At the start, all of them together took a third of its time and 40 MB that an idle server never gave back.
 */
export function buildSerializer(...args: Parameters<BuildCompiler>): ReturnType<BuildCompiler> {
  const compile = buildFastify()(...args)
  const compiled = new Map<string, Serializer>()
  return (route) => {
    const key = JSON.stringify(route.schema)
    const first = (): Serializer => {
      const serialize = compiled.get(key) ?? compile(route)
      compiled.set(key, serialize)
      return serialize
    }
    let serialize: Serializer | undefined
    return (data) => (serialize ??= first())(data)
  }
}
