import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  isCompositeType,
  isIntrospectionType,
  isListType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql'
import { AppError } from '../errors/app-error.ts'

interface Limits {
  /** How deep fields may be nested. */
  readonly depth: number
  /** The most that a document may cost, see `requireWithin`. */
  readonly cost: number
  /** The most words of a document, and the most characters. */
  readonly tokens: number
  readonly characters: number
}

export const LIMITS: Limits = { depth: 15, cost: 200_000, tokens: 2000, characters: 100_000 }

/** What a field costs by itself, once, however many parents it has: a list is one read for all of them. */
const READ_COST = 1000
/** A change is a transaction of its own. */
const CHANGE_COST = 5000
const ASSUMED_SIZE = 5
/** What the schema says of itself is in memory, and costs this part of what it would otherwise. */
const ABOUT_SCHEMA = 1 / 2
const DEFAULT_FIRST = 50

interface Measured {
  readonly depth: number
  /** Grows with the number of parents. */
  readonly fields: number
  /** Does not. */
  readonly reads: number
}

const NOTHING: Measured = { depth: 0, fields: 0, reads: 0 }

/**
 * Throws `bad_request` where an operation goes deeper, or may cost more, than it may. A field costs 1 (or what `@cost` says), for each
 * parent that it may have: a list has as many as `first` asks for (50 by default), another list as many as the schema assumes. What has to
 * be read adds 1000 for each field, a change 5000. Expects a valid document; what it can't count it takes for the default.
 */
export function requireWithin(
  limits: Limits,
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  const { depth, fields, reads } = measure(schema, document, operation, variables)
  if (depth > limits.depth)
    throw refused(`the query is ${depth} fields deep, and ${limits.depth} is the most; ask in several queries`)
  const cost = fields + reads
  if (cost > limits.cost)
    throw refused(
      `the query may cost ${Number.isFinite(cost) ? Math.ceil(cost) : 'far too much'}, and ${limits.cost} is the most: ask for fewer (\`first\`), or for less of each; docs/graphql.md says how it is counted`,
    )
}

function measure(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Measured {
  const fragments = new Map(
    document.definitions.flatMap((one): [string, FragmentDefinitionNode][] =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one]] : [],
    ),
  )
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  )
  const known = new Map<string, Measured>()

  const ofSelections = (set: SelectionSetNode, type: GraphQLCompositeType | undefined): Measured => {
    let sum = NOTHING
    for (const selection of set.selections) {
      const one =
        selection.kind === Kind.FIELD
          ? ofField(selection, type)
          : selection.kind === Kind.INLINE_FRAGMENT
            ? ofSelections(selection.selectionSet, named(selection.typeCondition?.name.value) ?? type)
            : ofFragment(selection.name.value)
      sum = {
        depth: Math.max(sum.depth, one.depth),
        fields: sum.fields + one.fields,
        reads: sum.reads + one.reads,
      }
    }
    return sum
  }
  const ofFragment = (name: string): Measured => {
    const before = known.get(name)
    if (before) return before
    const fragment = fragments.get(name)
    if (!fragment) return NOTHING
    // One that comes back to itself is not valid: what is said of it here is not asked for.
    known.set(name, NOTHING)
    const measured = ofSelections(fragment.selectionSet, named(fragment.typeCondition.name.value))
    known.set(name, measured)
    return measured
  }
  const ofField = (node: FieldNode, parent: GraphQLCompositeType | undefined): Measured => {
    const name = node.name.value
    const meta =
      name === SchemaMetaFieldDef.name ? SchemaMetaFieldDef : name === TypeMetaFieldDef.name ? TypeMetaFieldDef : null
    const field = meta ?? (parent && !isUnionType(parent) ? parent.getFields()[name] : undefined)
    if (!field) return { depth: 1, fields: 1, reads: 0 }
    const type = getNamedType(field.type)
    const below = node.selectionSet && isCompositeType(type) ? ofSelections(node.selectionSet, type) : NOTHING
    // Its own rule says how deep it may be asked.
    if (meta) return { depth: 1, fields: 1 + below.fields * ABOUT_SCHEMA, reads: 0 }
    const isChange = parent === schema.getMutationType()
    const isRead = field.args.length > 0 || type.name.endsWith('Connection')
    return {
      depth: below.depth + 1,
      fields: (numberOf(field, 'cost') ?? 1) + sizeOf(field, node, parent) * below.fields,
      reads: below.reads + (isChange ? CHANGE_COST : isRead ? READ_COST : 0),
    }
  }
  const named = (name: string | undefined): GraphQLCompositeType | undefined => {
    const type = name === undefined ? undefined : schema.getType(name)
    return isCompositeType(type) ? type : undefined
  }
  const sizeOf = (
    field: GraphQLField<unknown, unknown>,
    node: FieldNode,
    parent: GraphQLCompositeType | undefined,
  ): number => {
    if (field.args.some(({ name }) => name === 'first')) return firstOf(node)
    const isList = isListType(getNullableType(field.type))
    // A connection's edges were counted with its `first`.
    if (!isList || parent?.name.endsWith('Connection')) return 1
    if (parent && isIntrospectionType(parent) && field.name === 'types') return Object.keys(schema.getTypeMap()).length
    return numberOf(field, 'size') ?? ASSUMED_SIZE
  }
  const firstOf = (node: FieldNode): number => {
    const value = node.arguments?.find(({ name }) => name.value === 'first')?.value
    // As it is carried out: a variable that is null takes no default, and one that is not sent has nothing from an object's prototype.
    const given =
      value?.kind !== Kind.VARIABLE
        ? value
        : Object.hasOwn(variables, value.name.value)
          ? variables[value.name.value]
          : defaults.get(value.name.value)
    const first =
      typeof given === 'object' && given !== null && 'kind' in given && given.kind === Kind.INT && 'value' in given
        ? Number(given.value)
        : given
    return typeof first === 'number' && first >= 1 ? first : DEFAULT_FIRST
  }

  const root = schema.getRootType(operation.operation)
  return ofSelections(operation.selectionSet, root ?? undefined)
}

/** The argument of a directive of a field's definition. */
function numberOf({ astNode }: GraphQLField<unknown, unknown>, directive: string): number | null {
  const value = astNode?.directives?.find(({ name }) => name.value === directive)?.arguments?.[0]?.value
  return value?.kind === Kind.INT ? Number(value.value) : null
}

function refused(detail: string): AppError {
  return new AppError('bad_request', { detail, errors: [{ path: '/query', message: detail }] })
}
