export { Answerer } from './answerer.ts'
export { createQuestions, type Questions } from './asker.ts'
export { pruneQuestions } from './questions.repository.ts'
