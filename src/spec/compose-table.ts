import { CAPABILITIES, type Capability } from './capabilities.ts'

/** One row of docs/compose.md. In a path, `*` stands for any name and `[]` for the items of a list. */
export interface ComposeRow {
  readonly path: string
  readonly level: Capability['level']
  readonly note: string
}

/** The allow-list as rows for people, in the table's own order. */
export function composeTable(): readonly ComposeRow[] {
  return Object.entries(CAPABILITIES).map(([path, { level, note, values }]) => {
    const only = values ? `only ${values.map((value) => `\`${value}\``).join(', ')}` : ''
    return { path, level, note: [only, note].filter((part) => part !== '').join(': ') }
  })
}
