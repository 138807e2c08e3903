import fc from 'fast-check'
import t from 'tap'
import { FrameDecoder } from '../../../src/drivers/docker/frames.ts'

function frame(stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

t.test('frames come out whole however they are cut', async (t) => {
  const frames = fc.array(fc.record({ stream: fc.constantFrom(1, 2), payload: fc.uint8Array({ maxLength: 40 }) }), {
    maxLength: 20,
  })
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1 }), (all, cuts) => {
      const bytes = Buffer.concat(all.map(({ stream, payload }) => frame(stream, payload)))
      const decoder = new FrameDecoder()
      const whole = new FrameDecoder()
      const out: Buffer[] = []
      const said = { stdout: '', stderr: '' }
      for (let at = 0, nth = 0; at < bytes.length; nth++) {
        const size = cuts[nth % cuts.length] ?? 1
        out.push(...whole.push(bytes.subarray(at, at + size)))
        for (const { stream, data } of decoder.frames(bytes.subarray(at, at + size)))
          said[stream] += data.toString('hex')
        at += size
      }
      const of = (wanted: number) =>
        all.map(({ stream, payload }) => (stream === wanted ? Buffer.from(payload).toString('hex') : '')).join('')
      return (
        Buffer.concat(out).equals(Buffer.concat(all.map(({ payload }) => payload))) &&
        said.stdout === of(1) &&
        said.stderr === of(2)
      )
    }),
  )
  t.pass()
})

t.test('many thousands of frames in one chunk need no stack', async (t) => {
  const line = frame(1, Buffer.from('x\n'))
  const chunk = Buffer.concat(Array.from({ length: 100_000 }, () => line))
  t.equal(Buffer.concat(new FrameDecoder().push(chunk)).length, 200_000)
})
