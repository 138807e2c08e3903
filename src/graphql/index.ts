export { createGraphQL, type GraphQL, type GraphQLOptions } from './graphql.ts'
export { graphqlRoutes } from './routes.ts'
export { schemaText } from './schema-text.ts'
