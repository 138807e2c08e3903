import { createLoader } from '../../web/loaders.ts'
import { authorizeAdmin, pageInput, perContext, toConnection } from '../../web/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { hostsNamed, type HostsDeps, pageOfHosts } from './hosts.service.ts'

export function hostsResolvers(deps: HostsDeps): Resolvers {
  const loadersOf = perContext(() => ({
    host: createLoader(async (names: readonly string[]) => await hostsNamed(deps.db.prisma, names)),
  }))
  return {
    Query: {
      async host(_root, { name }, context) {
        authorizeAdmin(context.principal)
        return await loadersOf(context).host.load(name)
      },
      async hosts(_root, args, { principal }) {
        authorizeAdmin(principal)
        return toConnection(await pageOfHosts(deps.db.prisma, pageInput(args)))
      },
    },
  }
}
