import openapiTS, { astToString } from 'openapi-typescript'

const HEADER = '// Generated from openapi/openapi.json: `npm run generate` in the root of the repository writes it.\n\n'

/** The text of src/schema.ts: the document's paths and components as types. */
export async function clientSchema(documentText: string): Promise<string> {
  const ast = await openapiTS(documentText, { rootTypes: true, rootTypesNoSchemaPrefix: true })
  return HEADER + astToString(ast)
}
