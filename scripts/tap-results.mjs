// Reads the TAP of a whole run: one top-level result a file, one level below it the file's named tests. Plain Node 20.

const FILE = /^(not )?ok \d+ - (.*?)(?: # time=([\d.]+)ms)?( \{)?$/
const TEST = /^ {4}(not )?ok \d+(?: - (.*))?$/
const NOT_RUN = / # (SKIP|TODO)\b/i

/**
 * Counts the named tests. A file that failed with none of its tests failing (it crashed, or had none) counts as one failure.
 * @param {AsyncIterable<string>} lines
 * @param {(text: string) => void} print gets a line a file, and the TAP of each file that failed
 */
export async function countTap(lines, print) {
  const count = { passed: 0, failed: 0, skipped: 0 }
  /** @type {string[]} */
  let block = []
  let failedInFile = 0
  for await (const line of lines) {
    const test = TEST.exec(line)
    if (test) {
      if (NOT_RUN.test(line)) {
        count.skipped++
        print(`skip   ${test[2]}`)
      } else if (test[1]) {
        failedInFile++
        count.failed++
      } else count.passed++
    }
    const file = FILE.exec(line)
    if (!file) {
      block.push(line)
      continue
    }
    if (NOT_RUN.test(line)) count.skipped++
    print(`${file[1] ? 'FAILED' : 'ok    '} ${file[2]} (${(Number(file[3] ?? 0) / 1000).toFixed(1)} s)`)
    if (file[1]) {
      if (failedInFile === 0) count.failed++
      print(
        failures(block)
          .map((text) => `    ${text}`)
          .join('\n'),
      )
    }
    block = []
    failedInFile = 0
  }
  return count
}

/** A file's TAP without the tests that passed. @param {readonly string[]} block */
function failures(block) {
  return block.filter((line) => !/^\s*ok \d+/.test(line) && line.trim() !== '')
}
