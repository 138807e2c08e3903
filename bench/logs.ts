import Docker from 'dockerode'
import { get } from 'node:http'
import type { Readable } from 'node:stream'
import { alternate, type Bench, figure, median, spread } from './bench.ts'
import { benchServer } from './database.ts'
import { IMAGES } from '../test/lab/images.ts'
import { eventually } from '../test/lab/run.ts'
import { LAB_TOKEN } from '../test/lab/server.ts'
import { must, Scene } from '../test/prove/scene.ts'

/** A line of an access log. */
const LINE = '10.1.2.3 - - "GET /shop/items/4711?colour=green HTTP/1.1" 200 5123 "-" "curl/7.88.1" 0.012 s upstream'
const GOAL = 0.7
const DEADLINE_MS = 60_000

export const bench: Bench = {
  about: "log text a second through the API's follow, beside dockerode's own stream of the same container",
  run: async ({ short, note }) =>
    await Scene.run(async (scene) => {
      const lines = short ? 20_000 : 100_000
      const { engine, server } = await benchServer(scene)
      const command = ['/bin/sh', '-c', `yes '${LINE}' | head -n ${lines}; exec sleep 100000`]
      // All of it in one file: what was rotated away could not be read.
      const logging = { driver: 'json-file', options: { 'max-size': '100m' } }
      const web = { image: IMAGES.once, pull_policy: 'never', command, stop_grace_period: '0s', logging }
      await must(server, 'PUT', '/v1/tenants/acme/apps/shop?wait=60', { spec: { services: { web } } })
      const path = '/v1/tenants/acme/apps/shop'
      const { items } = await must(server, 'GET', `${path}/instances`)
      const { name, nativeId } = items[0]
      const container = new Docker({ socketPath: engine.socketPath }).getContainer(nativeId)
      await eventually('it has written all', async () => {
        const said = await container.logs({ stdout: true, tail: 2, timestamps: false, follow: false })
        const seen = await engine.docker(['exec', nativeId, 'ps'])
        return said.length > 0 && !/\byes\b|\bhead\b/.test(seen)
      })

      /** Reads as many bytes as all lines are; gives those of their text a second. */
      const read = async (open: () => Promise<Readable>, bytesOfLine: number): Promise<number> => {
        const begunAt = performance.now()
        const stream = await open()
        let left = lines * bytesOfLine
        const late = setTimeout(() => stream.destroy(new Error(`${left} bytes did not come`)), DEADLINE_MS)
        await new Promise<void>((resolve, reject) => {
          stream.on('error', reject)
          stream.on('data', (chunk: Buffer) => {
            left -= chunk.length
            if (left <= 0) resolve()
          })
        })
        const tookS = (performance.now() - begunAt) / 1000
        clearTimeout(late)
        stream.destroy()
        if (left < 0) throw new Error(`${-left} bytes more than expected`)
        return (lines * (LINE.length + 1)) / tookS / 1e6
      }
      const api = (accept: string) => async (): Promise<Readable> =>
        await new Promise((resolve, reject) => {
          const headers = { authorization: `Bearer ${LAB_TOKEN}`, accept }
          get(`${server.url}${path}/logs?tail=all&follow=true`, { headers }, (answer) => {
            if (answer.statusCode === 200) resolve(answer)
            else reject(new Error(`it answered ${answer.statusCode}`))
          }).on('error', reject)
        })
      const raw = async (): Promise<Readable> =>
        (await container.logs({ stdout: true, stderr: true, follow: true })) as unknown as Readable
      const document = {
        time: '2026-11-23T08:16:22.119829799Z',
        service: 'web',
        instance: name,
        instanceId: items[0].id,
      }
      const json = JSON.stringify({ ...document, stream: 'stdout', text: LINE, cut: false })
      const sides = {
        plain: async () => await read(api('text/plain'), `${name} | ${LINE}\n`.length),
        ndjson: async () => await read(api('application/x-ndjson'), json.length + 1),
        raw: async () => await read(raw, 8 + LINE.length + 1),
      }
      const figures = []
      for (const side of ['plain', 'ndjson'] as const) {
        const rounds = await alternate(short ? 1 : 5, sides[side], sides.raw)
        note(`${side}: ours ${spread(rounds.ours, 'MB/s')}, dockerode ${spread(rounds.reference, 'MB/s')}`)
        const [ours, reference] = [median(rounds.ours), median(rounds.reference)]
        const goal = `≥ ${GOAL * 100} %`
        figures.push(
          figure({ name: `logs, ${side}`, unit: 'MB/s', ours, reference, goal, holds: ours >= GOAL * reference }),
        )
      }
      return figures
    }),
}
