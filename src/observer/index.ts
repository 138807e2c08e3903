export { Observer, checkIdentity } from './observer.ts'
