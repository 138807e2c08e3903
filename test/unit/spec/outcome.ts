import { AppError } from '../../../src/errors/app-error.ts'
import { type ComposeInput, parseCompose } from '../../../src/spec/index.ts'

/** What came of a document: `ok`, or the code and the paths of its error. */
export function outcome(
  compose: string,
  variables: ComposeInput['variables'] = {},
): { code: string; paths: string[]; text: string } {
  try {
    parseCompose({ compose, variables })
    return { code: 'ok', paths: [], text: '' }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const errors = error.options.errors ?? []
    return {
      code: error.code,
      paths: errors.map(({ path }) => path),
      text: `${error.message} ${JSON.stringify(errors)}`,
    }
  }
}
