import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import type { CallOptions } from '../driver.ts'

/** Values of `undefined` are left out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface ClusterRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** From `/api` or `/apis` on, its parts encoded. */
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  /** Default `application/json`. */
  readonly contentType?: string
  /** How long the answer may take; default 30 s. */
  readonly timeoutMs?: number
}

/**
 * One cluster, reached as one user: no context is ever switched, connections are kept. Of every call: `guard` is asked right before the
 * request leaves; once `signal` aborts it rejects at once with the signal's reason; what is not answered is `host_unreachable`; an
 * answer of 400 or more is a `Refusal`. What changes something waits for its turn in the cluster's write budget, before the guard.
 */
export interface ClusterClient {
  /** Loads what calls need, and asks nobody: the first call would do so by itself, within its time. */
  prepare(): Promise<void>
  /** JSON in and out. */
  request<T>(call: CallOptions, request: ClusterRequest): Promise<T>
  /** As `request`; null for a 404. */
  find<T>(call: CallOptions, request: ClusterRequest): Promise<T | null>
  /** The answer's body as it comes, for logs and watches; destroyed once `signal` aborts. No deadline once it has begun. */
  stream(call: CallOptions, request: Pick<ClusterRequest, 'path' | 'query'>): Promise<IncomingMessage>
  /** An open WebSocket that speaks one of these protocols; terminated once `signal` aborts. */
  socket(call: CallOptions, path: string, query: Query, protocols: readonly string[]): Promise<WebSocket>
  /** Ends kept connections. */
  close(): void
}
