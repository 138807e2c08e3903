import Type, { type Static } from 'typebox'
import { closed, Name, Uuid } from '../../web/index.ts'

const Cells = Type.Integer({ minimum: 1, maximum: 65_535 })

export const ExecParams = closed({ tenant: Name, id: Uuid })

export const ExecQuery = closed({
  command: Type.Array(Type.String({ maxLength: 4096 }), {
    minItems: 1,
    maxItems: 64,
    description:
      'The program and its arguments, one `command=` each: no shell takes them apart. At most 8,192 characters.',
  }),
  tty: Type.Boolean({ default: false, description: 'In a terminal: one stream for both outputs.' }),
  columns: Type.Optional({ ...Cells, description: "The terminal's first size." }),
  rows: Type.Optional(Cells),
})
export type ExecQuery = Static<typeof ExecQuery>
