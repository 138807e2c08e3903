export { newWorkerId } from './queue.ts'
export { Runner, type RunnerOptions } from './runner.ts'
export { Upkeep } from './upkeep.ts'
