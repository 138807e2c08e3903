import type { Resolvers } from '../resolver-types/index.ts'
import { whoamiOf } from './tokens.service.ts'

export function tokensResolvers(): Resolvers {
  return {
    Query: { whoami: (_root, _args, { principal }) => whoamiOf(principal) },
  }
}
