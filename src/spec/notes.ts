import { type Engine, ENGINES } from './capabilities.ts'
import { LIMITS } from './limits.ts'
import type { CapabilityNote } from './types.ts'

type Told = Pick<CapabilityNote, 'path' | 'level' | 'message'>

/** Collects what becomes of a document's keys otherwise than they say. */
export class Notes {
  readonly #told = new Map<string, { readonly note: Told; readonly engines: Set<Engine> }>()

  add(note: Told, engines: readonly Engine[] = ENGINES): void {
    if (engines.length === 0) return
    const id = `${note.path}\n${note.level}\n${note.message}`
    const known = this.#told.get(id)
    if (known) for (const engine of engines) known.engines.add(engine)
    else this.#told.set(id, { note, engines: new Set(engines) })
  }

  /**
   * In the order of their telling; `kinds` where it is not so on all. There are at most 100, but refusals are never cut for others: of
   * those each kind keeps 100, which is more than enough to keep the app away from it.
   */
  list(): CapabilityNote[] {
    const refusals = new Map<string, number>(ENGINES.map((engine) => [engine, 0]))
    const all = [...this.#told.values()].map(({ note, engines }) => toNote(note, engines))
    const refused = new Set(
      all.filter(({ level, kinds = ENGINES }) => {
        if (level !== 'refused' || kinds.every((kind) => (refusals.get(kind) ?? 0) >= LIMITS.notes)) return false
        for (const kind of kinds) refusals.set(kind, (refusals.get(kind) ?? 0) + 1)
        return true
      }),
    )
    let room = LIMITS.notes - refused.size
    return all.filter((note) => refused.has(note) || (note.level === 'approximated' && room-- > 0))
  }
}

function toNote({ path, level, message }: Told, engines: ReadonlySet<Engine>): CapabilityNote {
  const kinds = ENGINES.filter((engine) => engines.has(engine))
  return { path, level, message, ...(kinds.length < ENGINES.length && { kinds }) }
}

/** What a kind of host does otherwise than the spec says: the notes that count there, for one who knows the host. */
export function notesFor(kind: string, notes: readonly CapabilityNote[]): CapabilityNote[] {
  return notes.flatMap(({ path, level, message, kinds }) =>
    level === 'approximated' && (kinds?.includes(kind) ?? true) ? [{ path, level, message }] : [],
  )
}

/** Why a kind of host can't have the app; none: it can. */
export function refusalsOf(kind: string, notes: readonly CapabilityNote[]): CapabilityNote[] {
  return notes.filter(({ level, kinds }) => level === 'refused' && (kinds?.includes(kind) ?? true))
}
