import { authorizeAdmin, bodyOf, type GraphQLContext, type PlanAnswer } from '../../web/index.ts'
import { factsOfMutation } from '../idempotency/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { probeHost, registerHost, removeHost } from './engine-changes.service.ts'
import { changeHost } from './host-changes.service.ts'
import { ChangeHost, CordonBody, DeleteHostQuery, type Host, ProbeBody, RegisterHost } from './hosts.schemas.ts'
import type { HostAnswer, HostsDeps } from './hosts.service.ts'

interface Keyed {
  readonly name: string
  readonly idempotencyKey?: string | null
  readonly expectVersion?: number | null
}

export function hostsMutations(deps: HostsDeps): Resolvers {
  const factsFor = ({ principal }: GraphQLContext, mutation: string, args: Keyed) => {
    authorizeAdmin(principal)
    return factsOfMutation(principal, mutation, [args.name], args)
  }
  const versionOf = ({ expectVersion }: Keyed): number | null => expectVersion ?? null
  const cordoning = async (mutation: string, args: Keyed, context: GraphQLContext, schedulable: boolean) => {
    const facts = factsFor(context, mutation, args)
    const wish = { ...bodyOf(CordonBody, args), schedulable }
    return hostOf(await changeHost(deps, facts, args.name, versionOf(args), wish))
  }
  return {
    Mutation: {
      async registerHost(_root, args, context) {
        const facts = factsFor(context, 'registerHost', args)
        return hostOf(await registerHost(deps, facts, bodyOf(RegisterHost, args)))
      },
      async updateHost(_root, args, context) {
        const facts = factsFor(context, 'updateHost', args)
        return hostOf(await changeHost(deps, facts, args.name, versionOf(args), bodyOf(ChangeHost, args)))
      },
      cordonHost: async (_root, args, context) => await cordoning('cordonHost', args, context, false),
      uncordonHost: async (_root, args, context) => await cordoning('uncordonHost', args, context, true),
      async probeHost(_root, args, context) {
        const facts = factsFor(context, 'probeHost', args)
        return hostOf(await probeHost(deps, facts, args.name, bodyOf(ProbeBody, args)))
      },
      async deleteHost(_root, args, context) {
        const facts = factsFor(context, 'deleteHost', args)
        const { body } = await removeHost(deps, facts, args.name, versionOf(args), bodyOf(DeleteHostQuery, args))
        return body ? { deleted: false, ...planOf(body) } : { deleted: true }
      },
    },
  }
}

function hostOf({ body }: HostAnswer): { host: Host } | ReturnType<typeof planOf> {
  return 'plan' in body ? planOf(body) : { host: body }
}

function planOf({ plan, planDigest }: PlanAnswer) {
  return { plan, planDigest }
}
