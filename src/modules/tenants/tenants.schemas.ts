import Type, { type Static, type TSchema } from 'typebox'
import { Name, named, nullable, closed, Timestamp, Uuid, Version } from '../../web/index.ts'

const DisplayName = Type.String({ minLength: 1, maxLength: 100 })

export const Tenant = named(
  'Tenant',
  closed({
    id: Uuid,
    name: Name,
    displayName: nullable(DisplayName),
    version: Version,
    createdAt: Timestamp,
    updatedAt: Timestamp,
  }),
)
export type Tenant = Static<typeof Tenant>

export const TenantParams = closed({ tenant: Name })

export const CreateTenant = closed({ name: Name, displayName: Type.Optional(nullable(DisplayName)) })
export type CreateTenant = Static<typeof CreateTenant>

export const ChangeTenant = closed({ displayName: Type.Optional(nullable(DisplayName)) })
export type ChangeTenant = Static<typeof ChangeTenant>

export const tenantSchemas: readonly TSchema[] = [Tenant]
