import t from 'tap'
import { toSample } from '../../../src/drivers/docker/stats-sample.ts'

/** As Engine 20.10 answers on cgroup v1, shortened. */
const V1 = {
  read: '2026-11-23T08:00:00.123456789Z',
  preread: '0001-01-01T00:00:00Z',
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: 'Read', value: 4096 },
      { major: 8, minor: 0, op: 'Write', value: 8192 },
      { major: 8, minor: 0, op: 'Sync', value: 12_288 },
      { major: 8, minor: 0, op: 'Total', value: 12_288 },
      { major: 8, minor: 16, op: 'Read', value: 1 },
    ],
    io_serviced_recursive: [],
  },
  cpu_stats: { cpu_usage: { total_usage: 123_456_789, percpu_usage: [1, 2, 3, 4] }, online_cpus: 4 },
  memory_stats: { usage: 1000, limit: 5000, stats: { total_inactive_file: 300, inactive_file: 100 } },
  networks: { eth0: { rx_bytes: 10, tx_bytes: 1 }, eth1: { rx_bytes: 20, tx_bytes: 2 } },
}
/** As newer ones do on v2. */
const V2 = {
  ...V1,
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: 'read', value: 7 },
      { op: 'write', value: 9 },
    ],
  },
  memory_stats: { usage: 1000, limit: 5000, stats: { inactive_file: 400, file: 600 } },
}

t.test('cgroup v1: the working set, all interfaces, reads and writes without the sums beside them', async (t) => {
  t.same(toSample(V1, {}), {
    at: '2026-11-23T08:00:00.123Z',
    cpuNs: 123_456_789,
    cpuCores: 4,
    memoryBytes: 700,
    memoryLimitBytes: 5000,
    receivedBytes: 30,
    sentBytes: 3,
    readBytes: 4097,
    writtenBytes: 8192,
  })
})

t.test('cgroup v2: the working set without inactive_file, ops in small letters', async (t) => {
  t.match(toSample(V2, {}), { memoryBytes: 600, readBytes: 7, writtenBytes: 9 })
})

t.test('what is null or not there is nothing, and more cache than use is not taken away', async (t) => {
  t.match(toSample({ read: V1.read, networks: null, blkio_stats: { io_service_bytes_recursive: null } }, {}), {
    cpuNs: 0,
    cpuCores: 1,
    memoryBytes: 0,
    receivedBytes: 0,
    readBytes: 0,
  })
  t.match(toSample({ ...V2, memory_stats: { usage: 100, stats: { inactive_file: 200 } } }, {}), { memoryBytes: 100 })
  t.match(toSample({ ...V2, memory_stats: { usage: 100, stats: null } }, {}), { memoryBytes: 100 })
})

t.test('cores are those of the limit, else the host; never more than the host has', async (t) => {
  t.match(toSample(V1, { NanoCpus: 5e8 }), { cpuCores: 0.5 })
  t.match(toSample(V1, { CpuQuota: 150_000, CpuPeriod: 0 }), { cpuCores: 1.5 })
  t.match(toSample(V1, { CpuQuota: 10_000, CpuPeriod: 20_000 }), { cpuCores: 0.5 })
  t.match(toSample(V1, { CpuQuota: -1 }), { cpuCores: 4 })
  t.match(toSample(V1, { NanoCpus: 64e9 }), { cpuCores: 4 })
  const old = { ...V1, cpu_stats: { cpu_usage: { percpu_usage: [1, 2] } } }
  t.match(toSample(old, {}), { cpuCores: 2 }, 'an engine that does not count them lists them')
})

t.test('what an engine says of a container that does not run is no sample', async (t) => {
  t.equal(toSample({ read: '0001-01-01T00:00:00Z' }, {}), null)
  t.equal(toSample({}, {}), null)
  t.equal(toSample({ ...V1, read: 'soon' }, {}), null)
})
