import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors/app-error.ts'

export const TENANT_ROLES = ['owner', 'developer', 'viewer'] as const
export type TenantRole = (typeof TENANT_ROLES)[number]
export type Role = 'admin' | TenantRole

/** Who asks: a token, its role, and its tenant (null for platform tokens, whose role is `admin`). */
export interface Principal {
  readonly kind: 'token'
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly tenant: { readonly id: string; readonly name: string } | null
}

/** `read`: look; `deploy`: change apps; `manage`: change who may do what (tokens). */
export type Permission = 'read' | 'deploy' | 'manage'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the auth hook on every route below /v1; null elsewhere. */
    principal: Principal | null
  }
}

const PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  admin: ['read', 'deploy', 'manage'],
  owner: ['read', 'deploy', 'manage'],
  developer: ['read', 'deploy'],
  viewer: ['read'],
}

/** The principal of a request. Throws `unauthorized` where no token was given. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw unauthorized('this route needs a token')
  return request.principal
}

/** What is stored as `createdBy` and `requestedBy`: `token:<name>`. */
export function actorOf(principal: Principal): string {
  return `${principal.kind}:${principal.name}`
}

/** 401 with the challenge that RFC 9110 wants beside it. */
export function unauthorized(detail: string): AppError {
  return new AppError('unauthorized', { detail, headers: { 'www-authenticate': 'Bearer' } })
}

/**
 * Throws `not_found` where the tenant is not the principal's own (so that names of others can't be probed), and
 * `forbidden` where it is but the role lacks the permission. Admins may all.
 */
export function authorizeTenant(principal: Principal, tenantName: string, permission: Permission): void {
  if (principal.role !== 'admin' && principal.tenant?.name !== tenantName) throw tenantNotFound(tenantName)
  if (!PERMISSIONS[principal.role].includes(permission)) {
    throw new AppError('forbidden', {
      detail: `the role ${principal.role} does not allow this (it lacks "${permission}")`,
    })
  }
}

/** Throws `forbidden` for all but admins: for platform routes, whose existence is no secret. */
export function authorizeAdmin(principal: Principal): void {
  if (principal.role !== 'admin')
    throw new AppError('forbidden', { detail: 'this route is for platform tokens (role admin)' })
}

export function tenantNotFound(name: string): AppError {
  return new AppError('not_found', { detail: `there is no tenant "${name}"` })
}
