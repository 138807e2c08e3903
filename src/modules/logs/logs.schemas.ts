import Type, { type TSchema } from 'typebox'
import { ERROR_CODES, type ErrorCode } from '../../errors/codes.ts'
import { closed, Name, named, oneOf, Uuid } from '../../web/index.ts'

const Time = Type.String({
  format: 'date-time',
  description: "RFC 3339 with nine digits of a second: the engine's clock.",
})

/** One line of a stream of logs: an event's data, or a line of NDJSON. */
export const LogLineView = named(
  'LogLine',
  closed({
    time: Time,
    service: Type.String(),
    instance: Type.String({ description: 'Its name.' }),
    instanceId: Uuid,
    stream: oneOf(['stdout', 'stderr']),
    text: Type.String({ description: 'Without its line break; control characters as they are.' }),
    cut: Type.Boolean({ description: 'It was longer than 64 KiB.' }),
  }),
)

/** Why lines of an instance are missing: an event `notice`, or the member `notice` of a line of NDJSON. */
export const LogNoticeView = named(
  'LogNotice',
  closed({
    time: Time,
    service: Type.String(),
    instance: Type.String(),
    instanceId: Uuid,
    code: Type.Unsafe<ErrorCode>({ type: 'string', enum: Object.keys(ERROR_CODES) }),
    message: Type.String(),
  }),
)

const Flag = (description: string) => Type.Boolean({ default: false, description })

export const LogsQuery = closed({
  service: Type.Optional(Name),
  instance: Type.Optional(
    Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$', description: "An instance's id or name." }),
  ),
  tail: Type.String({
    pattern: '^(all|[0-9]{1,4}|10000)$',
    default: '100',
    description: 'The last so many lines of all instances together, at most 10,000, or `all`.',
  }),
  since: Type.Optional(
    Type.String({
      maxLength: 40,
      description:
        'No line before this time of RFC 3339 (up to nine digits of a second), or in the last `90s`, `10m`, `2h`, `7d`.',
    }),
  ),
  follow: Flag('Go on with what is written from now on.'),
  timestamps: Flag('Of `text/plain`: the time before each line.'),
})

export const LogsHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      maxLength: 8192,
      description: 'The id of the last line that came: go on after it. `tail` and `since` count no more.',
    }),
  ),
})

export const logSchemas: readonly TSchema[] = [LogLineView, LogNoticeView]
