import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  createMoorageClient,
  type MoorageClient,
  type Operation,
  type OperationRef,
  waitForOperation,
} from '../../clients/typescript/src/index.ts'

export { eventually } from './run.ts'

/** The admin's token and sealing key that all servers of the lab share. */
export const LAB_TOKEN = `mrg_${'lab'.repeat(15)}`
const LAB_KEYS = `lab:${Buffer.alloc(32, 7).toString('base64')}`
const START_DEADLINE_MS = 60_000

export interface LabServer {
  readonly pid: number
  /** The API's address; empty without the role `api`. */
  readonly url: string
  readonly lines: readonly string[]
  /** The project's own client, as the admin. */
  readonly client: MoorageClient
  /** One request, not repeated and with no types: for what a client would not send, or to see one attempt alone. */
  request(method: string, path: string, options?: RequestOptions): Promise<LabResponse>
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<number | null>
}

export interface RequestOptions {
  readonly body?: unknown
  readonly token?: string
  readonly headers?: Record<string, string>
}

export interface LabResponse {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- what a stock client gets: whatever the server says
  readonly body: any
}

/** A process of the program as an operator starts it, on a lab database; resolves once it is ready. */
export async function startServer(options: {
  databaseUrl: string
  roles?: string
  env?: Record<string, string>
  /** The checkout whose program it is. Default: this one. */
  folder?: string
}): Promise<LabServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'moorage-server-'))
  // As `npm start` and the image have it.
  const child = spawn(process.execPath, ['--max-semi-space-size=16', 'src/main.ts'], {
    cwd: options.folder ?? new URL('../..', import.meta.url).pathname,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: options.databaseUrl,
      MOORAGE_PORT: '0',
      MOORAGE_ROLES: options.roles ?? 'api,worker',
      MOORAGE_DATA_DIR: dataDir,
      MOORAGE_ADMIN_TOKEN: LAB_TOKEN,
      MOORAGE_SECRET_KEYS: LAB_KEYS,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const exited = once(child, 'exit').then(async ([code]) => {
    await rm(dataDir, { recursive: true, force: true })
    return code as number | null
  })
  const url = await ready(child, lines, exited)
  return {
    pid: child.pid ?? 0,
    url,
    lines,
    // Not before it is asked for: a server without the role `api` has no address.
    get client() {
      return createMoorageClient({ baseUrl: url, token: LAB_TOKEN })
    },
    exited,
    request: async (method, path, requestOptions) => await request(url, method, path, requestOptions),
    async stop() {
      child.kill('SIGTERM')
      return await exited
    },
    kill(signal) {
      child.kill(signal)
    },
  }
}

async function ready(child: ChildProcess, lines: string[], exited: Promise<number | null>): Promise<string> {
  const started = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line)
        const record = parse(line)
        if (record?.msg === 'ready') resolve(typeof record.url === 'string' ? record.url : '')
      })
    }
  })
  const deadline = AbortSignal.timeout(START_DEADLINE_MS)
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener(
      'abort',
      () => reject(new Error(`the server was not ready in time:\n${lines.join('\n')}`)),
      { once: true },
    )
  })
  const died = exited.then((code) => {
    throw new Error(`the server ended with ${code}:\n${lines.join('\n')}`)
  })
  return await Promise.race([started, late, died])
}

function parse(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return null
  }
}

/** One request as a client sends it. The body of the answer is parsed where it is JSON. */
export async function request(
  url: string,
  method: string,
  path: string,
  { body, token = LAB_TOKEN, headers = {} }: RequestOptions = {},
): Promise<LabResponse> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await response.text()
  const json = response.headers.get('content-type')?.includes('json') ?? false
  return { status: response.status, headers: response.headers, body: json && text !== '' ? JSON.parse(text) : text }
}

/** The operation once it has ended, however it ended. */
export async function ended(
  server: Pick<LabServer, 'client'>,
  operation: OperationRef,
  deadlineMs = 120_000,
): Promise<Operation> {
  return await waitForOperation(server.client, operation, { timeoutMs: deadlineMs })
}
