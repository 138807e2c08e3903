import Type, { type Static, type TSchema } from 'typebox'
import { closed, Name, named, nullable, oneOf, TENANT_ROLES, Timestamp, Uuid } from '../../web/index.ts'

const TokenName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9 ._@:/-]{0,63}$',
  description:
    'For people: who or what uses it, in at most 64 letters, digits, blanks and `._@:/-`. Need not be unique.',
})

const view = {
  id: Uuid,
  name: TokenName,
  role: oneOf(['admin', ...TENANT_ROLES]),
  tenant: nullable(Name),
  createdBy: Type.String(),
  createdAt: Timestamp,
  expiresAt: nullable(Timestamp),
}

export const Token = named('Token', closed(view))
export type Token = Static<typeof Token>

export const NewToken = named(
  'NewToken',
  closed({ ...view, token: Type.String({ description: "The token's text: shown here alone." }) }),
)
export type NewToken = Static<typeof NewToken>

const ExpiresAt = Type.Optional(
  Type.String({
    format: 'date-time',
    maxLength: 64,
    description: 'RFC 3339, such as 2030-01-31T12:00:00Z, in the future. Left out: it does not expire.',
  }),
)

export const CreateTenantToken = closed({ name: TokenName, role: oneOf(TENANT_ROLES), expiresAt: ExpiresAt })
export type CreateTenantToken = Static<typeof CreateTenantToken>
export const CreatePlatformToken = closed({
  name: TokenName,
  role: Type.Optional(Type.Literal('admin')),
  expiresAt: ExpiresAt,
})
export type CreatePlatformToken = Static<typeof CreatePlatformToken>

export const TenantTokensParams = closed({ tenant: Name })
export const TenantTokenParams = closed({ tenant: Name, id: Uuid })
export const PlatformTokenParams = closed({ id: Uuid })

export const Whoami = named(
  'Whoami',
  closed({
    kind: Type.Literal('token'),
    id: Uuid,
    name: Type.String(),
    role: oneOf(['admin', ...TENANT_ROLES]),
    tenant: nullable(Name),
    scopes: Type.Array(Type.String(), {
      description: 'What the token is limited to; empty: all that its role allows.',
    }),
  }),
)

export type Whoami = Static<typeof Whoami>

export const tokenSchemas: readonly TSchema[] = [Token, NewToken, Whoami]
