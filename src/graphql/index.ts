export { graphiqlPage } from './graphiql-page.ts'
export type { GraphQLOptions } from './graphql.ts'
export { graphqlPlugin } from './plugin.ts'
export { schemaText } from './schema-text.ts'
