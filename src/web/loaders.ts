import DataLoader from 'dataloader'
import { canonicalJson } from '../lib/canonical.ts'

/**
 * Loads by key in batches: all that is asked for in the same turn is one call of `read`, whose answer is in the order of its keys, each of
 * them once (they are equal where their canonical JSON is). Nothing is kept for a later turn.
 */
export function createLoader<Key, Value>(
  read: (keys: readonly Key[]) => Promise<readonly Value[]>,
): { load(key: Key): Promise<Value> } {
  const loader = new DataLoader<Key, Value, string>(
    async (keys) => {
      // What a change before it was has no place in an answer after it.
      loader.clearAll()
      return [...(await read(keys))]
    },
    { cacheKeyFn: textOf },
  )
  return loader
}

/**
 * Loads the same list of many parents: one call of `read` for all who ask for it with the same input in the same turn. Parents are equal
 * where their ids are.
 */
export function createListLoader<Parent extends { readonly id: string }, Input, Value>(
  read: (parents: readonly Parent[], input: Input) => Promise<readonly Value[]>,
): { load(parent: Parent, input: Input): Promise<Value> } {
  const loaders = new Map<string, DataLoader<Parent, Value, string>>()
  return {
    async load(parent, input) {
      const key = textOf(input)
      const loader =
        loaders.get(key) ??
        new DataLoader<Parent, Value, string>(
          async (parents) => {
            loaders.delete(key)
            return [...(await read(parents, input))]
          },
          { cacheKeyFn: ({ id }) => id },
        )
      loaders.set(key, loader)
      return await loader.load(parent)
    },
  }
}

function textOf(key: unknown): string {
  return typeof key === 'string' ? key : canonicalJson(key)
}
