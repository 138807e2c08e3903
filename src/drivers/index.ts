export * from './driver.ts'
export * from './kinds.ts'
export { positionAfter } from './log-reading.ts'
export * from './streams.ts'
