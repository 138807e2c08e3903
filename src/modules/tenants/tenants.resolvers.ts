import type { Database } from '../../db/types.ts'
import { isAppError } from '../../errors/app-error.ts'
import { createLoader } from '../../web/loaders.ts'
import { authorizeAdmin, authorizeTenant, pageInput, perContext, toConnection } from '../../web/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { pageOfTenants, tenantsNamed } from './tenants.service.ts'

export function tenantsResolvers({ db }: { readonly db: Database }): Resolvers {
  const loadersOf = perContext(() => ({
    tenant: createLoader(async (names: readonly string[]) => await tenantsNamed(db.prisma, names)),
  }))
  return {
    Query: {
      async tenant(_root, { name }, context) {
        try {
          authorizeTenant(context.principal, name, 'read')
        } catch (error) {
          if (isAppError(error, 'not_found')) return null
          throw error
        }
        return await loadersOf(context).tenant.load(name)
      },
      async tenants(_root, args, { principal }) {
        authorizeAdmin(principal)
        return toConnection(await pageOfTenants(db.prisma, pageInput(args)))
      },
    },
  }
}
