import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { ClusterEndpoint } from '../../src/drivers/index.ts'
import { ensurePrograms, type SkippableTest } from './engines.ts'
import { buildImages, hasImages } from './images.ts'
import { healApi, isKilled, killApi } from './kube-api.ts'
import { takeLock } from './kube-lock.ts'
import { eventually, run, type RunOptions } from './run.ts'

/** A real cluster with a node, which other test processes use at the same time. */
export interface LabCluster {
  /** Of one context, with all that it needs in it. */
  readonly kubeconfig: string
  readonly endpoint: ClusterEndpoint
  /** Of the first node that is ready. Node ports answer here. */
  readonly nodeAddress: string
  /** Of the engine behind its kubelet. */
  readonly dockerSocket: string
  /** The stock CLI against this cluster; gives its standard output. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<string>
  /** The stock CLI against the engine behind its kubelet. Throws where there is none on this machine. */
  docker(args: readonly string[], options?: RunOptions): Promise<string>
  /** Puts the lab's images on its node, where they are not there yet. Throws where that can't be done, with the reason. */
  buildImages(): Promise<void>
  /** Where a Service's port answers from outside: `<address>:<node port>`. */
  nodePort(namespace: string, service: string, port: number): Promise<string>
  /** Deletes all namespaces of an installation. Waits until they are gone (12 to 60 s), 3 minutes at most, but for `wait: false`. */
  forget(installation: string, options?: { readonly wait?: boolean }): Promise<void>
  /** SIGKILL to the API server, until `healApi`. For who asked for the cluster `toBreak`. */
  killApi(): Promise<void>
  /** Starts the API server again where it was killed, and waits until it is ready. */
  healApi(): Promise<void>
}

export interface ClusterOptions {
  /** Waits until no other process uses the cluster, and keeps it for this one. Default false. */
  readonly toBreak?: boolean
  /** The lab's images are on its node. Default true. */
  readonly images?: boolean
}

/**
 * The cluster that TEST_KUBECONFIG (a path) names, shared with other test processes until this one ends. Where there is none, the test is
 * skipped with the reason, or fails with it under `CI=true`; one that is named and does not answer is a failure.
 */
export async function requireCluster(
  t: SkippableTest & { teardown(work: () => Promise<void>): unknown },
  options: ClusterOptions = {},
): Promise<LabCluster | null> {
  const reason = await clusterObstacle(options)
  if (reason !== null) {
    if (process.env.CI === 'true') t.fail(`no cluster for this test: ${reason}`)
    else t.plan(0, `no cluster for this test: ${reason}`)
    return null
  }
  const cluster = await findCluster(options)
  if (options.toBreak) t.teardown(async () => await cluster.healApi())
  return cluster
}

/** The same for what is no test: throws where there is none. */
export async function findCluster({ toBreak = false, images = true }: ClusterOptions = {}): Promise<LabCluster> {
  const reason = await clusterObstacle({ toBreak, images })
  if (reason !== null) throw new Error(`there is no cluster: ${reason}`)
  const path = process.env.TEST_KUBECONFIG ?? ''
  const kubectl = kubectlOf(path)
  const kubeconfig = await kubectl(['config', 'view', '--raw', '--minify', '--flatten'])
  await takeLock(lockPath(path), { alone: toBreak })
  if (isKilled()) await healApi(kubectl)
  const cluster = new Cluster({ kubeconfig, kubectl, node: await readyNode(kubectl), toBreak })
  if (images) await cluster.buildImages()
  return cluster
}

/** Why no test can have a cluster here; null: it can. */
export async function clusterObstacle({ toBreak, images = true }: ClusterOptions): Promise<string | null> {
  const path = process.env.TEST_KUBECONFIG
  if (!path) return 'TEST_KUBECONFIG names no kubeconfig'
  if (!existsSync(path)) throw new Error(`TEST_KUBECONFIG=${path}: there is no such file`)
  if (toBreak && !process.env.TEST_KUBE_DIR)
    return 'TEST_KUBE_DIR does not say where the cluster is kept, so it can not be broken'
  if (images && !existsSync(dockerSocket()))
    return `there is no Docker engine at ${dockerSocket()} to give its node images by (TEST_KUBE_DOCKER_SOCKET)`
  return await ensurePrograms(
    ['kubectl', 'docker', 'flock', 'setpriv', 'busybox'],
    'kubernetes-client docker.io util-linux busybox-static',
  )
}

function dockerSocket(): string {
  return process.env.TEST_KUBE_DOCKER_SOCKET ?? '/var/run/docker.sock'
}

function lockPath(kubeconfig: string): string {
  const name = createHash('sha256').update(kubeconfig).digest('hex').slice(0, 12)
  return join(tmpdir(), `moorage-cluster-${name}-${process.getuid?.() ?? 0}.lock`)
}

type Kubectl = LabCluster['kubectl']

/** The stock CLI with a kubeconfig. */
export function kubectlOf(path: string): Kubectl {
  return async (args, options = {}) =>
    await run('kubectl', args, { ...options, env: { ...process.env, ...options.env, KUBECONFIG: path } })
}

/** Out of a kubeconfig with one context, all of it in the file itself. */
export function endpointOf(kubeconfig: string): ClusterEndpoint {
  const { clusters, users } = parse(kubeconfig) as {
    readonly clusters: readonly { readonly cluster: Readonly<Record<string, string | undefined>> }[]
    readonly users: readonly { readonly user: Readonly<Record<string, string | undefined>> }[]
  }
  const cluster = clusters[0]?.cluster ?? {}
  const user = users[0]?.user ?? {}
  const pem = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString()
  const { token, 'client-certificate-data': cert, 'client-key-data': key } = user
  if (token === undefined && (cert === undefined || key === undefined))
    throw new Error('the user of TEST_KUBECONFIG has neither a token nor a certificate')
  return {
    server: cluster.server ?? '',
    ca: pem(cluster['certificate-authority-data']) || null,
    serverName: cluster['tls-server-name'] ?? null,
    user: token === undefined ? { cert: pem(cert), key: pem(key) } : { token },
  }
}

interface Node {
  readonly address: string
  readonly bootId: string
  readonly runtime: string
}

async function readyNode(kubectl: Kubectl): Promise<Node> {
  const { items } = JSON.parse(await kubectl(['get', 'nodes', '-o', 'json', '--request-timeout=20s'])) as {
    readonly items: readonly {
      readonly status: {
        readonly addresses: readonly { readonly type: string; readonly address: string }[]
        readonly conditions: readonly { readonly type: string; readonly status: string }[]
        readonly nodeInfo: { readonly bootID: string; readonly containerRuntimeVersion: string }
      }
    }[]
  }
  const ready = items.find(({ status }) =>
    status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  )
  if (!ready) throw new Error('the cluster of TEST_KUBECONFIG has no node that is ready')
  const { addresses, nodeInfo } = ready.status
  const address = addresses.find(({ type }) => type === 'InternalIP')?.address
  if (!address) throw new Error('the node of TEST_KUBECONFIG has no internal address')
  return { address, bootId: nodeInfo.bootID, runtime: nodeInfo.containerRuntimeVersion }
}

class Cluster implements LabCluster {
  readonly kubeconfig: string
  readonly endpoint: ClusterEndpoint
  readonly nodeAddress: string
  readonly kubectl: Kubectl
  readonly dockerSocket = dockerSocket()
  readonly #node: Node
  readonly #toBreak: boolean

  constructor(options: {
    readonly kubeconfig: string
    readonly kubectl: Kubectl
    readonly node: Node
    readonly toBreak: boolean
  }) {
    this.kubeconfig = options.kubeconfig
    this.endpoint = endpointOf(options.kubeconfig)
    this.kubectl = options.kubectl
    this.nodeAddress = options.node.address
    this.#node = options.node
    this.#toBreak = options.toBreak
  }

  async docker(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { runtime, bootId } = this.#node
    if (!runtime.startsWith('docker:')) throw new Error(`the node runs containers with ${runtime}, not with Docker`)
    if (readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() !== bootId)
      throw new Error('the node is another machine than this one, and so is its Docker engine')
    const env = { ...process.env, ...options.env, DOCKER_HOST: `unix://${this.dockerSocket}` }
    return await run('docker', args, { ...options, env })
  }

  async buildImages(): Promise<void> {
    if (!(await hasImages(this))) await buildImages(this)
  }

  async nodePort(namespace: string, service: string, port: number): Promise<string> {
    const path = `{.spec.ports[?(@.port==${port})].nodePort}`
    const found = await this.kubectl(['-n', namespace, 'get', 'service', service, '-o', `jsonpath=${path}`])
    if (found === '') throw new Error(`the Service ${namespace}/${service} has no node port for its port ${port}`)
    return `${this.nodeAddress}:${found}`
  }

  async forget(installation: string, { wait = true }: { readonly wait?: boolean } = {}): Promise<void> {
    const labelled = ['namespace', '-l', `moorage.io/installation=${installation}`]
    await this.kubectl(['delete', ...labelled, '--wait=false'])
    if (!wait) return
    await eventually(
      `the namespaces of ${installation} are gone`,
      async () => (await this.kubectl(['get', ...labelled, '-o', 'name'])) === '',
      180_000,
    )
  }

  async killApi(): Promise<void> {
    if (!this.#toBreak) throw new Error('others use the cluster: ask for it with `toBreak`')
    await killApi()
  }

  async healApi(): Promise<void> {
    await healApi(this.kubectl)
  }
}
