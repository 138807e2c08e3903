import { createHash } from 'node:crypto'
import { accessSync, readFileSync } from 'node:fs'
import { run, type RunOptions } from './run.ts'
import { tar, type TarEntry } from './tar.ts'

/** What `buildImages` leaves on an engine. All have a shell and the applets of busybox. */
export const IMAGES = {
  /** Answers `<version> <host name>` on port 80, and every byte that comes on port 7. Its `/bin/check` exits 0 while it answers. */
  web1: 'mrg-test/web:1',
  web2: 'mrg-test/web:2',
  /** Runs and answers nothing; its own health check fails each second. */
  broken: 'mrg-test/broken:1',
  /** Prints two lines and exits with 3. */
  crash: 'mrg-test/crash:1',
  /** Prints a line and exits with 0. */
  once: 'mrg-test/once:1',
  /** Asks `TARGET` (http://web/) `COUNT` times (3000), every `INTERVAL_US` (20000); see `readClient`. */
  client: 'mrg-test/client:1',
} as const

const WEB = `#!/bin/sh
mkdir -p /dev/shm/www
echo "$VERSION $(hostname)" > /dev/shm/www/index.html
httpd -f -p 80 -h /dev/shm/www & web=$!
nc -ll -p 7 -e cat & echo=$!
trap 'kill $web $echo; exit 0' TERM INT
wait
`

const CLIENT = `#!/bin/sh
trap 'exit 0' TERM INT
url=\${TARGET:-http://web/} count=\${COUNT:-3000} interval=\${INTERVAL_US:-20000} n=0 failed=0
while [ $n -lt $count ]; do
  n=$((n + 1))
  if body=$(timeout 20 wget -q -O - "$url" 2>&1); then
    [ $((n % 25)) = 0 ] && echo "{\\"n\\":$n,\\"failed\\":$failed,\\"last\\":\\"$body\\"}"
  else
    failed=$((failed + 1))
    echo "{\\"n\\":$n,\\"failed\\":$failed,\\"last\\":\\"$(echo $body | tr -d '"\\\\')\\"}"
  fi
  usleep $interval
done
echo "{\\"n\\":$n,\\"failed\\":$failed,\\"last\\":\\"$body\\",\\"done\\":true}"
`

/** What a client container has printed so far, in its last whole line. */
export function readClient(output: string): { n: number; failed: number; last: string; done: boolean } {
  const lines = output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'))
  const last: unknown = JSON.parse(lines.at(-1) ?? '{}')
  return { n: 0, failed: 0, last: '', done: false, ...(typeof last === 'object' ? last : {}) }
}

interface ImageConfig {
  readonly Cmd: readonly string[]
  readonly Env?: readonly string[]
  readonly ExposedPorts?: Readonly<Record<string, object>>
  readonly Healthcheck?: object
}

const SECOND_NS = 1_000_000_000
const PATH = 'PATH=/bin'

const CONFIGS: Readonly<Record<string, ImageConfig>> = {
  [IMAGES.web1]: { Cmd: ['/bin/web'], Env: [PATH, 'VERSION=1'], ExposedPorts: { '80/tcp': {} } },
  [IMAGES.web2]: { Cmd: ['/bin/web'], Env: [PATH, 'VERSION=2'], ExposedPorts: { '80/tcp': {} } },
  [IMAGES.broken]: {
    Cmd: ['/bin/sh', '-c', 'trap "exit 0" TERM; echo broken; while :; do sleep 1 & wait; done'],
    Healthcheck: { Test: ['CMD', '/bin/false'], Interval: SECOND_NS, Timeout: SECOND_NS, Retries: 2 },
  },
  [IMAGES.crash]: { Cmd: ['/bin/sh', '-c', 'echo one line; echo it broke >&2; exit 3'] },
  [IMAGES.once]: { Cmd: ['/bin/sh', '-c', 'echo done once'] },
  [IMAGES.client]: { Cmd: ['/bin/client'] },
}

/** An engine, as `LabEngine` and `LabCluster` give it. */
interface WithDocker {
  docker(args: readonly string[], options?: RunOptions): Promise<string>
}

/** Puts `IMAGES` on an engine, from the machine's own static busybox: nothing is pulled. Takes less than a second. */
export async function buildImages(engine: WithDocker): Promise<void> {
  const { archive } = await labImages()
  await engine.docker(['load', '--quiet'], { input: archive })
}

/** Whether an engine has `IMAGES` as `buildImages` would leave them. */
export async function hasImages(engine: WithDocker): Promise<boolean> {
  const { ids } = await labImages()
  const found = await engine.docker(['image', 'inspect', '--format', '{{.Id}}', ...ids.keys()]).catch(() => '')
  return found.trim().split('\n').join() === [...ids.values()].join()
}

/** All of them as `docker load` takes them, and the ids that an engine gives them, by name. */
async function labImages(): Promise<{ archive: Buffer; ids: ReadonlyMap<string, string> }> {
  const layer = await rootFilesystem()
  const entries: TarEntry[] = [{ name: 'layer.tar', content: layer }]
  const manifest: object[] = []
  const ids = new Map<string, string>()
  for (const [name, config] of Object.entries(CONFIGS)) {
    const image = JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      created: '2024-01-01T00:00:00Z',
      config: { Env: [PATH], ...config },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created: '2024-01-01T00:00:00Z', created_by: 'test/lab' }],
    })
    const file = `${sha256(image)}.json`
    ids.set(name, `sha256:${sha256(image)}`)
    entries.push({ name: file, content: image })
    manifest.push({ Config: file, RepoTags: [name], Layers: ['layer.tar'] })
  }
  entries.push({ name: 'manifest.json', content: JSON.stringify(manifest) })
  return { archive: tar(entries), ids }
}

async function rootFilesystem(): Promise<Buffer> {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => {
    try {
      accessSync(path)
      return true
    } catch {
      return false
    }
  })
  if (!busybox) throw new Error('no busybox on this machine (Debian: busybox-static)')
  const applets = (await run(busybox, ['--list'])).split('\n').filter((name) => name !== '' && name !== 'busybox')
  return tar([
    ...['bin/', 'etc/', 'data/', 'proc/', 'sys/', 'dev/'].map((name) => ({ name })),
    { name: 'tmp/', mode: 0o1777 },
    { name: 'etc/passwd', content: 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n', mode: 0o644 },
    { name: 'etc/group', content: 'root:x:0:\nnobody:x:65534:\n', mode: 0o644 },
    { name: 'data/seed', content: 'from the image\n', mode: 0o644 },
    { name: 'bin/busybox', content: readFileSync(busybox) },
    ...applets.map((name) => ({ name: `bin/${name}`, link: 'busybox' })),
    { name: 'bin/web', content: WEB },
    { name: 'bin/check', content: '#!/bin/sh\nexec wget -q -O /dev/null http://127.0.0.1/\n' },
    { name: 'bin/client', content: CLIENT },
  ])
}

function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}
