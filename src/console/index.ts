export { consolePage } from './console-page.ts'
