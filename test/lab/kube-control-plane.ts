import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClusterEndpoint } from '../../src/drivers/index.ts'
import { freePorts, kubeLab } from '../../scripts/lab-cluster.mjs'
import { ensurePrograms, type SkippableTest } from './engines.ts'
import { endpointOf, kubectlOf, type LabCluster } from './kube.ts'
import { run } from './run.ts'

/** A cluster of a test's own without a node: its pods stay pending. */
export interface LabControlPlane {
  readonly kubeconfig: string
  readonly endpoint: ClusterEndpoint
  readonly kubectl: LabCluster['kubectl']
}

/** Ends a cluster once the process that wanted it has ended, however that was. */
const GUARD = 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; "$2" --purge "$3"; rm -rf "$3"'

/**
 * Starts a cluster without a node (about 9 s, 0.6 GB), which ends with the test. Where there is no kube-up (KUBE_LAB), the test is skipped
 * with the reason, or fails with it under `CI=true`.
 */
export async function controlPlane(
  t: SkippableTest & { teardown(work: () => Promise<void>): unknown },
): Promise<LabControlPlane | null> {
  const lab = kubeLab()
  const reason = lab
    ? await ensurePrograms(['kubectl', 'curl', 'openssl', 'xz'], 'kubernetes-client curl openssl xz-utils')
    : 'there is no kube-up on this machine (KUBE_LAB)'
  if (lab === null || reason !== null) {
    if (process.env.CI === 'true') t.fail(`no cluster for this test: ${reason}`)
    else t.plan(0, `no cluster for this test: ${reason}`)
    return null
  }
  const dir = mkdtempSync(join(tmpdir(), 'moorage-control-plane-'))
  const down = join(lab, 'kube-down')
  spawn('sh', ['-c', GUARD, 'guard', String(process.pid), down, dir], { stdio: 'ignore', detached: true }).unref()
  t.teardown(async () => {
    await run(down, ['--purge', dir])
    rmSync(dir, { recursive: true, force: true })
  })
  const env = { ...process.env, KUBE_PORT: String(await freePorts()) }
  const path = (await run(join(lab, 'kube-up'), ['--control-plane-only', dir], { env })).trim()
  const kubeconfig = await readFile(path, 'utf8')
  return { kubeconfig, endpoint: endpointOf(kubeconfig), kubectl: kubectlOf(path) }
}
