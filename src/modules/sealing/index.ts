import { CANARY } from '../../db/installation.ts'
import type { SealedColumn } from '../../db/sealed.ts'
import { SEALED_ENDPOINTS } from '../hosts/index.ts'
import { SEALED_ANSWERS } from '../idempotency/index.ts'
import { SEALED_WEBHOOKS } from '../webhooks/index.ts'

/** Everything in the database that is sealed: what a start checks, upkeep seals anew, and /metrics counts. */
export const SEALED: readonly SealedColumn[] = [CANARY, SEALED_ENDPOINTS, SEALED_WEBHOOKS, SEALED_ANSWERS]
