import { type Capability, type Engine, ENGINES, onEach, type Row } from './capabilities.ts'
import { CAPABILITIES } from './compose-keys.ts'

/** One row of docs/compose.md. In a path, `*` stands for any name and `[]` for the items of a list. */
export interface ComposeRow {
  readonly path: string
  /** What holds on all kinds of engines. */
  readonly note: string
  readonly on: Readonly<Record<Engine, { readonly level: Capability['level']; readonly note: string }>>
}

/** The allow-list as rows for people, in the table's own order. */
export function composeTable(): readonly ComposeRow[] {
  return Object.entries(CAPABILITIES).map(([path, row]) => {
    const refused = onEach((engine) => refusedWith(path, engine))
    const note = onEach((engine) => (refused[engine] === null ? row[engine].note : `with \`${refused[engine]}\``))
    const only = onEach((engine) => onlyOf(row[engine]))
    return {
      path,
      note: join([common(only), row.docker.everywhere ?? '', common(note)]),
      on: onEach((engine) => ({
        level: refused[engine] === null ? row[engine].level : 'refused',
        note: join([own(only, engine), own(note, engine)]),
      })),
    }
  })
}

/** The key above that the engine refuses; null: there is none. */
function refusedWith(path: string, engine: Engine): string | null {
  const keys = path.split('.')
  const above = keys.slice(1).map((_, index) =>
    keys
      .slice(0, index + 1)
      .join('.')
      .replace(/(\[\])+$/, ''),
  )
  return above.find((parent) => CAPABILITIES[parent]?.[engine].level === 'refused') ?? null
}

function onlyOf({ values }: Row[Engine]): string {
  return values ? `only ${values.map((value) => `\`${value}\``).join(', ')}` : ''
}

/** What all say; empty where they don't agree. */
function common(texts: Readonly<Record<Engine, string>>): string {
  return ENGINES.every((engine) => texts[engine] === texts.docker) ? texts.docker : ''
}

function own(texts: Readonly<Record<Engine, string>>, engine: Engine): string {
  return common(texts) === '' ? texts[engine] : ''
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(': ')
}
