import { actorOf, authorizeAdmin, bodyOf, type Principal } from '../../web/index.ts'
import { factsOfMutation, idempotent, type IdempotencyDeps } from '../idempotency/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { tenantFor } from '../tenants/index.ts'
import { CreatePlatformToken, CreateTenantToken, PlatformTokenParams } from './tokens.schemas.ts'
import { createToken, revokeToken, whoamiOf } from './tokens.service.ts'

export function tokensResolvers(deps: IdempotencyDeps): Resolvers {
  /** Whose tokens: null of the platform. */
  const ownerOf = async (principal: Principal, tenant: string | null | undefined) => {
    if (tenant !== null && tenant !== undefined) return await tenantFor(deps.db.prisma, principal, tenant, 'manage')
    authorizeAdmin(principal)
    return null
  }
  return {
    Query: { whoami: (_root, _args, { principal }) => whoamiOf(principal) },
    Mutation: {
      async createToken(_root, args, { principal }) {
        const owner = await ownerOf(principal, args.tenant)
        const wish = owner
          ? bodyOf(CreateTenantToken, args)
          : { ...bodyOf(CreatePlatformToken, args), role: 'admin' as const }
        const facts = factsOfMutation(principal, 'createToken', [owner?.name ?? ''], args)
        const answer = await idempotent(
          deps,
          facts,
          async (tx) => await createToken(tx, owner, wish, actorOf(principal), new Date()),
        )
        return { token: answer.body }
      },
      async revokeToken(_root, args, { principal }) {
        const owner = await ownerOf(principal, args.tenant)
        const { id } = bodyOf(PlatformTokenParams, args)
        const facts = factsOfMutation(principal, 'revokeToken', [owner?.name ?? '', id], args)
        await idempotent(deps, facts, async (tx) => await revokeToken(tx, owner, id, actorOf(principal)))
        return { revoked: true }
      },
    },
  }
}
