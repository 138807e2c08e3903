import { actorOf, type Answer, badArgument, bodyOf, type GraphQLContext, type PlanAnswer } from '../../web/index.ts'
import { factsOfMutation, idempotent } from '../idempotency/index.ts'
import type { OperationAnswer } from '../operations/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { tenantFor } from '../tenants/index.ts'
import {
  ApplyBody,
  AppParams,
  DeployBody,
  PatchBody,
  PlainBody,
  RemoveBody,
  RollbackBody,
  ScaleBody,
} from './apps.schemas.ts'
import { dryRunPatch, patchApp } from './apps.service.ts'
import { type AppsDeps, changeApp, type Verb, VERBS } from './changes.service.ts'

const LONGEST_WAIT = 60

/** What all changes of apps have in common. */
interface ChangeArguments {
  readonly tenant: string
  readonly app: string
  readonly idempotencyKey?: string | null
  readonly expectVersion?: number | null
  readonly supersede?: 'queue' | null
  readonly wait?: number | null
}

export function appsMutations(deps: AppsDeps): Resolvers {
  const change = async (name: string, args: ChangeArguments, context: GraphQLContext, verb: Verb) => {
    const { tenant, app } = bodyOf(AppParams, args)
    const { wait, supersede, expectVersion } = args
    if (typeof wait === 'number' && (wait < 0 || wait > LONGEST_WAIT))
      throw badArgument('wait', `must be from 0 to ${LONGEST_WAIT}`)
    const answer = await changeApp(deps, {
      principal: context.principal,
      tenant,
      app,
      verb,
      ifMatch: expectVersion ?? null,
      supersede: supersede ?? undefined,
      wait: wait ?? undefined,
      gone: context.gone,
      facts: () => factsOfMutation(context.principal, name, [tenant, app], args),
    })
    return changeOf(answer)
  }
  return {
    Mutation: {
      applyApp: async (_root, args, context) =>
        await change('applyApp', args, context, VERBS.apply(bodyOf(ApplyBody, args))),
      deploy: async (_root, args, context) =>
        await change('deploy', args, context, VERBS.deploy(bodyOf(DeployBody, args))),
      rollback: async (_root, args, context) =>
        await change('rollback', args, context, VERBS.rollback(bodyOf(RollbackBody, args))),
      scale: async (_root, args, context) => await change('scale', args, context, VERBS.scale(bodyOf(ScaleBody, args))),
      start: async (_root, args, context) => await change('start', args, context, VERBS.start(bodyOf(PlainBody, args))),
      stop: async (_root, args, context) => await change('stop', args, context, VERBS.stop(bodyOf(PlainBody, args))),
      restart: async (_root, args, context) =>
        await change('restart', args, context, VERBS.restart(bodyOf(PlainBody, args))),
      reconcile: async (_root, args, context) =>
        await change('reconcile', args, context, VERBS.reconcile(bodyOf(PlainBody, args))),
      removeApp: async (_root, args, context) => {
        const { volumes = false, ...body } = bodyOf(RemoveBody, args)
        return await change('removeApp', args, context, VERBS.remove({ ...body, volumes }))
      },
      async updateApp(_root, args, { principal }) {
        const params = bodyOf(AppParams, args)
        const body = bodyOf(PatchBody, args)
        const tenant = await tenantFor(deps.db.prisma, principal, params.tenant, 'deploy')
        const ifMatch = args.expectVersion ?? null
        const wish = { tenant, app: params.app, actor: actorOf(principal), ifMatch, body }
        if (body.dryRun) return planOf((await dryRunPatch(deps.db.prisma, wish)).body)
        const facts = factsOfMutation(principal, 'updateApp', [params.tenant, params.app], args)
        return { app: (await idempotent(deps, facts, async (tx) => await patchApp(tx, wish))).body }
      },
    },
  }
}

function changeOf({ body }: Answer<OperationAnswer | PlanAnswer>) {
  return 'plan' in body ? planOf(body) : { operation: body.operation }
}

function planOf({ plan, planDigest }: PlanAnswer) {
  return { plan, planDigest }
}
