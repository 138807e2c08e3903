import {
  type DocumentNode,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql'
import type { Principal } from '../web/index.ts'

/** What two subscriptions must have in common to be told the same of the same thing. */
export interface SharedKey {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  readonly variables: Readonly<Record<string, unknown>>
  readonly principal: Principal
}

/** Executes what `args` says, or gives what it came to for another subscription that asks the same of the same payload. */
export type ExecuteShared = (payload: unknown, args: () => ExecutionArgs) => Promise<ExecutionResult>

/**
 * Results that equal subscriptions share: a payload whose member is one object for many (an event, a workload, an app's stats) is executed
 * once for each document. What resolvers say depends on the payload, the variables, and the role and tenant of who asks: nothing else.
 */
export function createSharedResults(): (key: SharedKey) => ExecuteShared {
  const results = new WeakMap<object, Map<string, Promise<ExecutionResult>>>()
  const numbers = new WeakMap<DocumentNode, number>()
  let documents = 0
  const numberOf = (document: DocumentNode): number => {
    const number = numbers.get(document) ?? ++documents
    numbers.set(document, number)
    return number
  }
  return ({ document, operation, variables, principal }) => {
    const used = usedVariables(document, operation).map((name) => [name, variables[name]])
    const key = JSON.stringify([numberOf(document), operation.name?.value, used, principal.role, principal.tenant?.id])
    return async (payload, args) => {
      const subject = subjectOf(payload)
      if (!subject) return await execute(args())
      const known = results.get(subject) ?? new Map<string, Promise<ExecutionResult>>()
      results.set(subject, known)
      const shared = known.get(key) ?? Promise.resolve(execute(args()))
      known.set(key, shared)
      return await shared
    }
  }
}

/** The one member of a payload. */
function subjectOf(payload: unknown): object | null {
  if (typeof payload !== 'object' || payload === null) return null
  const [member]: unknown[] = Object.values(payload)
  return typeof member === 'object' ? member : null
}

/** Names of the variables that a result may depend on: not those of the root field's arguments, which its source has had. */
function usedVariables(document: DocumentNode, operation: OperationDefinitionNode): string[] {
  const names = new Set<string>()
  visit(document, {
    VariableDefinition: () => false,
    Argument: (_node, _key, _parent, _path, ancestors) => {
      const field = ancestors.at(-2)
      const isRoot =
        field !== undefined &&
        'kind' in field &&
        field.kind === Kind.FIELD &&
        operation.selectionSet.selections.includes(field)
      return isRoot ? false : undefined
    },
    Variable: (node) => void names.add(node.name.value),
  })
  return [...names].toSorted((a, b) => (a < b ? -1 : 1))
}
