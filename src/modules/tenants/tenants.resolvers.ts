import { isAppError } from '../../errors/app-error.ts'
import { createLoader } from '../../web/loaders.ts'
import {
  actorOf,
  authorizeAdmin,
  authorizeTenant,
  bodyOf,
  pageInput,
  perContext,
  toConnection,
} from '../../web/index.ts'
import { factsOfMutation, idempotent, type IdempotencyDeps } from '../idempotency/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { ChangeTenant, CreateTenant } from './tenants.schemas.ts'
import {
  authorizePlatform,
  changeTenant,
  createTenant,
  pageOfTenants,
  removeTenant,
  tenantsNamed,
} from './tenants.service.ts'

export function tenantsResolvers(deps: IdempotencyDeps): Resolvers {
  const { db } = deps
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
    Mutation: {
      async createTenant(_root, args, { principal }) {
        authorizeAdmin(principal)
        const body = bodyOf(CreateTenant, args)
        const facts = factsOfMutation(principal, 'createTenant', [], args)
        const answer = await idempotent(deps, facts, async (tx) => await createTenant(tx, body, actorOf(principal)))
        return { tenant: answer.body }
      },
      async updateTenant(_root, args, { principal }) {
        authorizePlatform(principal, args.name)
        const body = bodyOf(ChangeTenant, args)
        const version = args.expectVersion ?? null
        const facts = factsOfMutation(principal, 'updateTenant', [args.name], args)
        const answer = await idempotent(
          deps,
          facts,
          async (tx) => await changeTenant(tx, args.name, version, body, actorOf(principal)),
        )
        return { tenant: answer.body }
      },
      async deleteTenant(_root, args, { principal }) {
        authorizePlatform(principal, args.name)
        const version = args.expectVersion ?? null
        const facts = factsOfMutation(principal, 'deleteTenant', [args.name], args)
        await idempotent(deps, facts, async (tx) => await removeTenant(tx, args.name, version, actorOf(principal)))
        return { deleted: true }
      },
    },
  }
}
