import type { ComposeInput } from '../../../src/spec/index.ts'

/** The documents of corpus/, and the variables that come with them. Each has its expected model beside it, as JSON. */
export const CORPUS: Readonly<Record<string, NonNullable<ComposeInput['variables']>>> = {
  minimal: {},
  'everything-short': { TAG: '1.4', GIVEN: 'from the request' },
  'everything-long': { TAG: '1.4', GIVEN: 'from the request' },
  'anchors-and-extends': { COMPOSE_PROFILES: 'all' },
  'profiles-and-jobs': { COMPOSE_PROFILES: 'full, other' },
}
