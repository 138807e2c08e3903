export { Observer, type Told } from './observer.ts'
