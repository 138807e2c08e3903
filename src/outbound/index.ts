export { OutboundError } from './errors.ts'
export { createOutbound, type Outbound, type OutboundAnswer } from './outbound.ts'
