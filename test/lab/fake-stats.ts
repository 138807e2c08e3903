import type { StatsSample } from '../../src/drivers/index.ts'
import { sleep } from '../../src/lib/abort.ts'

/** Between two samples of a followed container. */
const SAMPLE_MS = 150

/** Samples of a container that has run for so long as `look` says; null: it does not run. `open.streams` counts the followed iterations. */
export async function* fakeStats(
  open: { streams: number },
  follow: boolean,
  signal: AbortSignal,
  look: () => Promise<number | null>,
): AsyncGenerator<StatsSample> {
  if (follow) open.streams += 1
  try {
    for (let ranMs = await look(); ranMs !== null; ranMs = await look()) {
      yield sampleAt(ranMs)
      if (!follow) return
      await sleep(SAMPLE_MS, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    if (follow) open.streams -= 1
  }
}

/** Half of the one core that it may use, 8 MiB, and a kilobyte a second each way. */
function sampleAt(ranMs: number): StatsSample {
  return {
    at: new Date().toISOString(),
    cpuNs: ranMs * 500_000,
    cpuCores: 1,
    memoryBytes: 8_388_608,
    memoryLimitBytes: 16_777_216,
    receivedBytes: ranMs,
    sentBytes: ranMs,
    readBytes: 4096,
    writtenBytes: ranMs,
  }
}
