import t from 'tap'
import { isAppError } from '../../../src/errors/app-error.ts'
import { parseCompose } from '../../../src/spec/index.ts'
import { BOMBS } from './bombs.ts'

// As a server that has read a document before: the schema is compiled with the first.
parseCompose({ compose: 'services: { web: { image: a } }' })

for (const { name, make } of BOMBS) {
  t.test(`${name}: must be refused at once`, async (t) => {
    const input = make()
    const before = process.cpuUsage()
    let thrown: unknown
    try {
      parseCompose(input)
    } catch (error) {
      thrown = error
    }
    const { user, system } = process.cpuUsage(before)
    const tookMs = (user + system) / 1000
    t.comment(`${tookMs.toFixed(1)} ms of CPU`)
    t.ok(isAppError(thrown), 'refused with an error of the table')
    // The figure that is promised (100 ms) is measured apart; this bound finds what grows without one, on a busy machine too.
    t.ok(tookMs < 1000, 'for less than a second of CPU')
  })
}
