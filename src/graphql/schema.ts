import {
  assertValidSchema,
  buildASTSchema,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  isScalarType,
  parse,
} from 'graphql'
import type { Resolvers } from '../modules/resolver-types/index.ts'
import type { GraphQLContext } from '../web/index.ts'
import { SCALARS } from './scalars.ts'
import { schemaText } from './schema-text.ts'

/** What a resolver of a subscription may be instead of a function. */
type Field =
  | GraphQLFieldResolver<unknown, GraphQLContext>
  | {
      readonly subscribe: GraphQLFieldResolver<unknown, GraphQLContext>
      readonly resolve?: GraphQLFieldResolver<unknown, GraphQLContext>
    }

/**
 * The executable schema: what the `.graphql` files say, with these resolvers. A field without one is the parent's member of its name. Throws
 * where a resolver is of no field.
 */
export function executableSchema(parts: readonly Resolvers[]): GraphQLSchema {
  const schema = buildASTSchema(parse(schemaText()))
  for (const scalar of SCALARS) {
    const type = schema.getType(scalar.name)
    if (!isScalarType(type)) throw new TypeError(`the schema has no scalar ${scalar.name}`)
    type.serialize = scalar.serialize
    type.parseValue = scalar.parseValue
    type.parseLiteral = scalar.parseLiteral
  }
  for (const part of parts) for (const [name, fields] of Object.entries(part)) attach(schema, name, fields)
  assertValidSchema(schema)
  return schema
}

function attach(schema: GraphQLSchema, name: string, fields: object): void {
  const type = schema.getType(name)
  for (const [field, resolver] of Object.entries(fields) as [string, Field][]) {
    if (isAbstractType(type) && field === '__resolveType') {
      type.resolveType = resolver as unknown as typeof type.resolveType
      continue
    }
    const target = isObjectType(type) ? type.getFields()[field] : undefined
    if (!target) throw new TypeError(`the schema has no ${name}.${field}`)
    if (typeof resolver === 'function') target.resolve = resolver
    else Object.assign(target, resolver)
  }
}
