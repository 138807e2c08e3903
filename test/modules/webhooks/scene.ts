import { pino } from 'pino'
import { emit, type NewEvent } from '../../../src/events/index.ts'
import { Deliverer, type DelivererOptions } from '../../../src/modules/webhooks/deliverer.ts'
import { createOutbound } from '../../../src/outbound/index.ts'
import { apiHarness, type ApiHarness } from '../../lab/api.ts'
import type { Teardown } from '../../lab/database.ts'
import { eventually } from '../../lab/run.ts'

export interface DeliveryView {
  readonly id: string
  readonly event: string
  readonly type: string
  readonly status: string
  readonly attempts: number
  readonly responseStatus: number | null
  readonly responseMs: number | null
  readonly error: string | null
  readonly nextAttemptAt: string | null
  readonly finishedAt: string | null
  readonly redelivery: boolean
}

export interface WebhookScene {
  readonly api: ApiHarness
  readonly log: { readonly text: string }
  /** Gives the webhook as POST answered it. */
  webhook(url: string, types?: readonly string[], tenant?: string): Promise<{ id: string; secret: string }>
  /** A worker's part that delivers; ends with the test. */
  deliverer(options?: Partial<DelivererOptions>): Promise<Deliverer>
  emit(event: Omit<NewEvent, 'tenantId'>, tenant?: string): Promise<void>
  deliveries(webhook: { readonly id: string }, tenant?: string): Promise<DeliveryView[]>
  /** Waits for a webhook's deliveries to be as `check` says. */
  until(
    webhook: { readonly id: string },
    what: string,
    check: (all: readonly DeliveryView[]) => boolean,
  ): Promise<DeliveryView[]>
  shown(webhook: { readonly id: string }, tenant?: string): Promise<Record<string, unknown>>
  /** Lets so much time pass, as far as webhooks can see. */
  pass(minutes: number): Promise<void>
}

/** Retries after some milliseconds instead of seconds. */
export const QUICK = { baseMs: 20, maxMs: 40, pollMs: 50 }

/** The API without a webhook yet, the tenants `acme` and `other`, and receivers on loopback that may be called. */
export async function webhookScene(t: Teardown): Promise<WebhookScene> {
  const api = await apiHarness(t, { outboundAllow: ['127.0.0.0/8'] })
  for (const tenant of ['acme', 'other']) await api.tenant(tenant)
  const log = { text: '' }
  const logger = pino({ level: 'trace' }, { write: (line: string) => void (log.text += line) })

  const deliveries: WebhookScene['deliveries'] = async ({ id }, tenant = 'acme') =>
    (await api.request('GET', `/v1/tenants/${tenant}/webhooks/${id}/deliveries?limit=200`)).body.items

  return {
    api,
    log,
    deliveries,
    async webhook(url, types = [], tenant = 'acme') {
      const { status, body, text } = await api.request('POST', `/v1/tenants/${tenant}/webhooks`, {
        body: { url, types },
      })
      if (status !== 201) throw new Error(`no webhook: ${text}`)
      return body
    },
    async deliverer(options = {}) {
      const { db, sealer } = api
      const outbound = createOutbound({ allow: ['127.0.0.0/8'] })
      const deliverer = new Deliverer({ db, sealer, log: logger, outbound, timing: QUICK, ...options })
      await deliverer.start()
      t.teardown(async () => await deliverer.stop())
      return deliverer
    },
    async emit(event, tenant = 'acme') {
      const { id } = await api.db.prisma.tenant.findFirstOrThrow({ where: { name: tenant } })
      await api.db.transaction(async (tx) => emit(tx, { tenantId: id, ...event }))
    },
    async until(webhook, what, check) {
      let last: DeliveryView[] = []
      const look = async () => check((last = await deliveries(webhook)))
      return await eventually(what, look, 30_000).then(
        () => last,
        (error: unknown) => {
          throw new Error(`${String(error)}: ${JSON.stringify(last.slice(0, 3))}`)
        },
      )
    },
    async shown({ id }, tenant = 'acme') {
      return (await api.request('GET', `/v1/tenants/${tenant}/webhooks/${id}`)).body
    },
    async pass(minutes) {
      await api.db.prisma
        .$executeRaw`UPDATE webhook_deliveries SET created_at = created_at - ${minutes}::int * interval '1 min',
        next_attempt_at = next_attempt_at - ${minutes}::int * interval '1 min', lease_until = lease_until - ${minutes}::int * interval '1 min'`
      await api.db.prisma
        .$executeRaw`UPDATE webhooks SET failing_since = failing_since - ${minutes}::int * interval '1 min'`
    },
  }
}
