/**
 * A load generator in a process of its own, as thin as Node allows: keep-alive sockets, one request at a time on each, no HTTP client.
 * Takes a `Load` as JSON on stdin and answers a `Loaded` as JSON on stdout.
 */
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Load, Loaded } from './load.ts'

const load = JSON.parse(await text(process.stdin)) as Load
process.stdout.write(JSON.stringify(await run(load)))

async function run({
  port,
  connections,
  warmMs,
  measureMs,
  method,
  targets,
  body,
  keyed,
  expect,
}: Load): Promise<Loaded> {
  const nonce = `${process.pid.toString(36)}${Date.now().toString(36)}`
  const latencies: number[] = []
  const failures: string[] = []
  let sent = 0
  let cpu = process.cpuUsage()
  const from = performance.now() + warmMs
  const until = from + measureMs
  /** A machine that is busy otherwise may answer nothing in a short time: it goes on until there is something to tell. */
  const isOver = (now: number): boolean => now > until && latencies.length >= connections
  let measuredUntil = until

  const next = (): string => {
    sent += 1
    // A step that has no factor in common with the number of targets would walk them in order: any order will do, but not one at a time.
    const target = targets[Math.floor(Math.random() * targets.length)]
    const payload = body?.replaceAll('{n}', `${nonce}${sent}`) ?? ''
    return `${method} ${target?.path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${target?.token}\r\n${
      body === null ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(payload)}\r\n`
    }${keyed ? `idempotency-key: ${nonce}-${sent}\r\n` : ''}\r\n${payload}`
  }

  const one = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    await new Promise<void>((resolve, reject) => {
      let start = 0
      const ask = (): void => {
        start = performance.now()
        socket.write(next())
      }
      onAnswers(socket, (head) => {
        const now = performance.now()
        if (start >= from && !isOver(now)) {
          latencies.push(now - start)
          measuredUntil = Math.max(until, now)
        }
        if (!head.startsWith(`HTTP/1.1 ${expect}`)) failures.push(head.slice(0, 60))
        if (isOver(now)) resolve()
        else ask()
      })
      socket.once('error', reject).once('close', () => reject(new Error('the server closed the connection')))
      ask()
    }).finally(() => socket.destroy())
  }

  setTimeout(() => (cpu = process.cpuUsage()), warmMs)
  await Promise.all(Array.from({ length: connections }, one))
  const { user, system } = process.cpuUsage(cpu)
  const sorted = latencies.toSorted((a, b) => a - b)
  const measuredMs = measuredUntil - from
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return {
    perSecond: latencies.length / (measuredMs / 1000),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    cpuShare: (user + system) / 1000 / measuredMs,
    failures: [...new Set(failures)].slice(0, 5),
    failed: failures.length,
  }
}

/** Calls `onAnswer` with each answer's head, once its body (of a given length) is whole. */
function onAnswers(socket: Socket, onAnswer: (head: string) => void): void {
  let head = ''
  let bodyLeft = -1
  let held: Buffer | null = null
  socket.on('data', (chunk: Buffer) => {
    let bytes = held ? Buffer.concat([held, chunk]) : chunk
    held = null
    while (bytes.length > 0) {
      if (bodyLeft < 0) {
        const end = bytes.indexOf('\r\n\r\n')
        if (end < 0) {
          held = bytes
          return
        }
        head = bytes.toString('latin1', 0, end)
        bodyLeft = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
        bytes = bytes.subarray(end + 4)
      }
      if (bytes.length < bodyLeft) {
        bodyLeft -= bytes.length
        return
      }
      bytes = bytes.subarray(bodyLeft)
      bodyLeft = -1
      onAnswer(head)
    }
    if (bodyLeft === 0) {
      bodyLeft = -1
      onAnswer(head)
    }
  })
}
