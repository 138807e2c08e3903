/** What of the API's answers the page shows; openapi.json has all of it. */
export interface Whoami {
  name: string
  role: 'admin' | 'owner' | 'developer' | 'viewer'
  tenant: string | null
}
export interface Page<T> {
  items: T[]
  nextCursor: string | null
}
export interface Tenant {
  name: string
  displayName: string | null
}
export interface Host {
  name: string
  kind: string
  status: string
  schedulable: boolean
  engineVersion: string | null
  capacity: { cpus: number; memory: number } | null
  allocated: { instances: number; cpus?: number; memory?: number }
  lastSeenAt: string | null
  message: string | null
  labels: Record<string, string>
  tenants: string[]
}
export interface App {
  name: string
  host: string | null
  labels: Record<string, string>
  wanted: { release: number | null; running: boolean }
  currentRelease: number | null
  removing: boolean
  updatedAt: string
}
export interface Instance {
  id: string
  name: string
  host: string
  service: string
  release: number | null
  state: string
  health: string | null
  image: string
  ports: { containerPort: number; hostPort: number; hostIp: string; protocol: string }[]
  restarts: number
  exitCode: number | null
  startedAt: string | null
}
export interface Workload {
  id: string
  app: string
  service: string
  host: string | null
  release: number | null
  desired: number
  ready: number
  status: string
  drift: { path: string; desired: unknown; actual: unknown }[]
  instances: Instance[]
}
export interface Step {
  host: string
  service: string | null
  action: string
  status: string
  startedAt: string
  finishedAt: string | null
  message: string | null
}
export interface Operation {
  id: string
  app: string | null
  kind: string
  status: string
  reason: string | null
  release: number | null
  error: { code: string; message: string; host?: string; service?: string; instance?: string } | null
  requestedBy: string
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  attempts: number
  nextAttemptAt: string | null
  plan?: { text: string; notes: string[]; steps: object[] } | null
  steps?: Step[]
}
export interface Release {
  number: number
  digest: string
  createdBy: string
  createdAt: string
  succeededAt: string | null
}
export interface Event {
  id: string
  type: string
  tenant: string | null
  app: string | null
  host: string | null
  service: string | null
  operation: string | null
  at: string
  data: Record<string, unknown>
}
export interface LogLine {
  time: string
  service: string
  instance: string
  instanceId: string
  stream: 'stdout' | 'stderr'
  text: string
  cut?: boolean
}
export interface Usage {
  cpu: { cores: number; limitCores: number | null }
  memory: { bytes: number; limitBytes: number | null }
}
export interface AppStats {
  at: string
  usage: Usage
  instances: { id: string; name: string; service: string; usage: Usage }[]
}
export interface StatsHistory {
  instances: { id: string; samples: { at: string; cpuCores: number; memoryBytes: number }[] }[]
}
/** One event of a stream. */
export interface StreamEvent {
  id: string | null
  event: string
  data: string
}
export interface Problem {
  status: number
  code: string
  detail: string
}
