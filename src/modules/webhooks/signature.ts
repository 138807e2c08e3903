import { createHmac, randomBytes } from 'node:crypto'
import type { SealedColumn } from '../../db/sealed.ts'

const PREFIX = 'whsec_'

/** A secret that no delivery can be signed without is one that no start should be without. */
export const SEALED_WEBHOOKS: SealedColumn = {
  table: 'webhooks',
  column: 'secret',
  id: ['id'],
  context: ([id = '']) => secretContext(id),
  needed: true,
}

export function secretContext(webhookId: string): string {
  return `webhook:${webhookId}`
}

/** A new secret: `whsec_` and the base64 of 32 random bytes. */
export function newWebhookSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`
}

export interface SignedMessage {
  readonly id: string
  readonly at: Date
  readonly body: string
  readonly secret: string
}

/** The headers of a message as Standard Webhooks (v1, symmetric) has them: the signature is over id, time and body. */
export function signedHeaders({ id, at, body, secret }: SignedMessage): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
