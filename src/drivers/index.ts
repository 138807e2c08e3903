export * from './driver.ts'
export * from './kinds.ts'
export * from './streams.ts'
