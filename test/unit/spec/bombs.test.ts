import t from 'tap'
import { isAppError } from '../../../src/errors/app-error.ts'
import { parseCompose } from '../../../src/spec/index.ts'
import { BOMBS } from './bombs.ts'

for (const { name, make } of BOMBS) {
  t.test(`${name}: must be refused at once`, async (t) => {
    const input = make()
    const started = performance.now()
    let thrown: unknown
    try {
      parseCompose(input)
    } catch (error) {
      thrown = error
    }
    const tookMs = performance.now() - started
    t.comment(`${tookMs.toFixed(1)} ms`)
    t.ok(isAppError(thrown), 'refused with an error of the table')
    // The figure that is promised (100 ms) is measured apart; this bound finds what grows without one.
    t.ok(tookMs < 1000, 'in less than a second')
  })
}
