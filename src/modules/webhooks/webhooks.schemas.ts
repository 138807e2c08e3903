import Type, { type Static, type TSchema } from 'typebox'
import { EVENT_TYPES, type EventType } from '../../events/index.ts'
import { closed, named, Name, nullable, oneOf, Timestamp, Uuid } from '../../web/index.ts'

export const MAX_URL = 2048

const Url = Type.String({
  minLength: 1,
  maxLength: MAX_URL,
  description:
    'Where deliveries are sent with POST: `https://`, at an address that is allowed. Whoever may read the tenant sees it. Redirects are not followed.',
})
const Types = Type.Array(Type.String({ pattern: '^[a-z]{1,20}\\.([a-z_]{1,30}|\\*)$', maxLength: 60 }), {
  maxItems: 64,
  uniqueItems: true,
  description: 'Which events: types, or `operation.*` for all that begin so. Empty: all.',
})

const view = {
  id: Uuid,
  url: Url,
  types: Types,
  enabled: Type.Boolean(),
  failingSince: nullable(
    Type.String({ format: 'date-time', description: 'Since when no delivery has succeeded; null: the last one did.' }),
  ),
  disabledReason: nullable(Type.String({ description: 'Why Moorage disabled it; null where a person did.' })),
  createdBy: Type.String(),
  createdAt: Timestamp,
}

export const Webhook = named('Webhook', closed(view))
export type Webhook = Static<typeof Webhook>

export const NewWebhook = named(
  'NewWebhook',
  closed({
    ...view,
    secret: Type.String({
      description: 'What deliveries are signed with, as Standard Webhooks has it (`whsec_<base64>`): shown here alone.',
    }),
  }),
)
export type NewWebhook = Static<typeof NewWebhook>

export const CreateWebhook = closed({ url: Url, types: Type.Optional(Types) })
export type CreateWebhook = Static<typeof CreateWebhook>

export const ChangeWebhook = Type.Object(
  {
    url: Type.Optional(Url),
    types: Type.Optional(Types),
    enabled: Type.Optional(
      Type.Boolean({ description: 'true: its failures are forgotten, too. false: what is pending is not sent.' }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
)
export type ChangeWebhook = Static<typeof ChangeWebhook>

export const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed'] as const

export const Delivery = named(
  'WebhookDelivery',
  closed({
    id: Uuid,
    event: Type.String({ description: "The event's id." }),
    type: Type.Unsafe<EventType>({ type: 'string', enum: Object.keys(EVENT_TYPES) }),
    status: oneOf(DELIVERY_STATUSES),
    attempts: Type.Integer({ description: 'How many were begun.' }),
    responseStatus: nullable(Type.Integer({ description: 'Of the last attempt; null: it was not answered.' })),
    responseMs: nullable(Type.Integer({ description: 'How long the last attempt took.' })),
    error: nullable(Type.String({ description: 'Why the last attempt failed.' })),
    redelivery: Type.Boolean({ description: 'Asked for by hand.' }),
    createdAt: Timestamp,
    nextAttemptAt: nullable(Timestamp),
    finishedAt: nullable(Timestamp),
  }),
)
export type Delivery = Static<typeof Delivery>

export const WebhooksParams = closed({ tenant: Name })
export const WebhookParams = closed({ tenant: Name, id: Uuid })
export const DeliveryParams = closed({ tenant: Name, id: Uuid, delivery: Uuid })

export const webhookSchemas: readonly TSchema[] = [Webhook, NewWebhook, Delivery]
