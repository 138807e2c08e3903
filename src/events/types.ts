/**
 * THE table of event types: when each is written, and what its `data` holds. `docs/events.md` is generated from it. A type never changes
 * its meaning, and `data` only gains members.
 */
export interface EventEntry {
  readonly title: string
  /** Members of `data`, for people. */
  readonly data: string
}

const define = <Table extends Record<string, EventEntry>>(table: Table): Table => table

export const EVENT_TYPES = define({
  'tenant.created': { title: 'A tenant was created; on the platform', data: '`tenant`' },
  'tenant.updated': { title: 'A tenant was changed', data: '' },
  'tenant.deleted': { title: 'A tenant was deleted, with its events; on the platform', data: '`tenant`' },
  'token.created': { title: 'A token was made', data: '`id`, `name`, `role`, `expiresAt`' },
  'token.revoked': { title: 'A token was revoked', data: '`id`, `name`' },
  'host.registered': { title: 'A host was registered; on the platform', data: '`kind`' },
  'host.updated': { title: 'A host was changed; on the platform', data: '`changed`: the members that were given' },
  'host.deleted': { title: 'A host was deleted; on the platform', data: '' },
  'host.status': { title: 'A host has another status; on the platform', data: '`status`, `message`' },
  'app.created': { title: 'An app was created', data: '`id`' },
  'app.updated': { title: "An app's labels were changed", data: '`labels`' },
  'app.removed': { title: 'An app is gone, with all that was its', data: '`id`' },
  'operation.queued': { title: 'An operation was accepted', data: '`kind`, `release`, `supersedes`' },
  'operation.started': { title: 'A worker took an operation', data: '`kind`, `attempt`' },
  'operation.step': {
    title: 'A step of an operation began or ended',
    data: '`seq`, `attempt`, `action`, `target`, `cause`, `status` (`running`, `succeeded`, `failed`, `cancelled`), `message`',
  },
  'operation.waiting': { title: 'An operation waits for its next attempt', data: '`reason`, `nextAttemptAt`, `error`' },
  'operation.reverting': { title: 'An operation goes back to the last good state', data: '`to`, `error`' },
  'operation.cancel_requested': { title: 'Somebody asked for the end of an operation', data: '' },
  'operation.succeeded': { title: 'An operation succeeded', data: '`kind`' },
  'operation.failed': { title: 'An operation failed', data: '`kind`, `error`' },
  'operation.cancelled': { title: 'An operation was cancelled, or gave way to a newer one', data: '`kind`, `error`' },
  'operation.rolled_back': { title: 'An operation failed, and what ran before runs again', data: '`kind`, `error`' },
  'instance.changed': {
    title: 'An instance appeared or is another than it was',
    data: '`id`, `name`, `engineState`, `health`, `exitCode`, `restarts`, `serving`, `reachable` (false: its host does not answer)',
  },
  'instance.removed': { title: 'An instance is gone', data: '`id`, `name`' },
  'exec.started': { title: 'Somebody runs a command in an instance', data: '`session`, `instance`, `command`, `tty`' },
  'exec.ended': { title: 'Such a command ended', data: '`session`, `instance`, `exitCode`, `reason`' },
  'webhook.created': { title: 'A webhook was made', data: '`id`, `types`' },
  'webhook.updated': { title: 'A webhook was changed', data: '`id`, `enabled`' },
  'webhook.deleted': { title: 'A webhook was deleted', data: '`id`' },
  'webhook.disabled': { title: 'A webhook failed for a day and is used no more', data: '`id`, `reason`' },
})

export type EventType = keyof typeof EVENT_TYPES
