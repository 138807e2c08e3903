// One line a step: a mark, its name, how long it took, what came of it. Plain Node 20, no packages.

/** A step that failed: the line with its reason is printed already. */
export class StepFailed extends Error {}

/**
 * @param {NodeJS.WriteStream} out
 * @returns {<T extends string | { note: string }>(name: string, work: () => Promise<T>) => Promise<T>}
 *   runs `work` and prints its note; rejects with StepFailed after printing the reason of a failure
 */
export function progress(out = process.stdout) {
  return async (name, work) => {
    const start = performance.now()
    if (out.isTTY) out.write(`  … ${name}`)
    const line = (/** @type {string} */ mark, /** @type {string} */ note) => {
      const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`
      out.write(`${out.isTTY ? '\r\x1b[2K' : ''}  ${mark} ${name.padEnd(15)}${seconds.padStart(7)}  ${note}\n`)
    }
    try {
      const result = await work()
      line('✓', typeof result === 'string' ? result : result.note)
      return result
    } catch (error) {
      line('✗', error instanceof Error ? error.message : String(error))
      throw new StepFailed(name, { cause: error })
    }
  }
}
