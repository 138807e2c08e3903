import t from 'tap'
import { AppError } from '../../../../src/errors/app-error.ts'
import type { Declaration } from '../../../../src/drivers/kinds.ts'
import { declareApp } from '../../../../src/drivers/kubernetes/declare.ts'
import type { AppSpec, ServiceSpec } from '../../../../src/spec/index.ts'
import { after, app, desired, port, service, volume } from '../../planning/build.ts'
import { CASES, MODERN, OLD } from './cases.ts'
import { matchesGolden } from './golden.ts'

for (const [name, { wanted, facts, settings = null }] of Object.entries(CASES))
  t.test(`an app is declared as the golden file says: ${name}`, async (t) => {
    matchesGolden(t, name, declareApp(wanted, { facts, settings }), wanted)
  })

const declare = (spec: AppSpec | null, facts: unknown = MODERN): Declaration =>
  declareApp(desired(spec), { facts, settings: null })

t.test('of an app that is not wanted nothing is declared', async (t) => {
  t.same(declare(null), { objects: [], notes: [] })
})

t.test('unsupported names the API that the cluster does not serve and the app can not do without', async (t) => {
  const lacking = (api: string): unknown => ({ ...MODERN, apis: MODERN.apis.filter((one) => one !== api) })
  const refuses = (spec: AppSpec, api: string): void => {
    t.throws(() => declare(spec, lacking(api)), { code: 'unsupported', message: api }, api)
    t.doesNotThrow(() => declare(spec))
  }
  const web = app({ web: service() })
  refuses(web, 'apps/v1/deployments')
  refuses(web, 'networking.k8s.io/v1/networkpolicies')
  refuses(app({ web: service({ mounts: [volume('data')] }) }), 'apps/v1/statefulsets')
  refuses(app({ web: service({ mode: 'global' }) }), 'apps/v1/daemonsets')
  refuses(app({ web: service({ restart: { policy: 'no', maxAttempts: null } }) }), 'batch/v1/jobs')
  const routes = [{ host: 'shop.test', path: '/', service: 'web', port: 80 }]
  refuses(app({ web: service() }, { routes }), 'networking.k8s.io/v1/ingresses')
  t.doesNotThrow(() => declare(web, lacking('networking.k8s.io/v1/ingresses')), 'an app without routes needs none')
})

t.test('a budget that the cluster does not serve is left out, and told', async (t) => {
  const { objects, notes } = declare(app({ web: service({ replicas: 2 }) }), OLD)
  t.notOk(objects.some(({ key }) => key.startsWith('PodDisruptionBudget/')))
  t.ok(notes.some(({ path, message }) => path === '/services/web' && message.includes('policy/v1')))
})

t.test('unsupported says what no cluster takes, of specs whose notes did not tell it', async (t) => {
  const refused: Readonly<Record<string, Partial<ServiceSpec>>> = {
    'an alias that is no label': { aliases: ['Web.shop'] },
    'an alias that could be a name of ours': { aliases: ['web--ports'] },
    'a volume of ours': { mounts: [volume('a--b')] },
    'a host name of two parts': { hostname: 'a.b' },
    'a domain': { domainname: 'shop.test' },
    'a user by name': { user: 'postgres' },
    'a group by name': { groupAdd: ['wheel'] },
    'a capability beyond baseline': { capAdd: ['NET_RAW'] },
    'all capabilities': { capAdd: ['ALL'] },
    'an empty command': { command: [] },
    'a variable that no Secret can hold': { environment: { 'A B': '1' } },
    'an annotation with a prefix': { labels: { 'container.apparmor.security.beta.kubernetes.io/web': 'unconfined' } },
    'an annotation of a runtime': { labels: { 'io.kubernetes.cri-o.Devices': '/dev/sda' } },
    'a unit of systemd for a runtime': { labels: { 'org.systemd.property.DeviceAllow': 'x' } },
    'a mount of gVisor': { labels: { 'dev.gvisor.spec.mount.data.source': '/etc' } },
    'an order to CRI-O': { labels: { 'cpu-quota.crio.io': 'disable' } },
    'a mount where the drain is': { mounts: [{ ...volume('data'), target: '/.moorage/x' }] },
    'what is on each node and completes': { mode: 'global', restart: { policy: 'no', maxAttempts: null } },
  }
  for (const [what, changes] of Object.entries(refused))
    t.throws(() => declare(app({ web: service(changes) })), { code: 'unsupported', options: { service: 'web' } }, what)
  for (const name of ['Web', 'a_b', 'a--b', '1web', 'a.b', 'x'.repeat(51)])
    t.throws(() => declare(app({ [name]: service() })), { code: 'unsupported' }, `a service ${name}`)
})

t.test('unsupported says of two services that both answer to one name', async (t) => {
  t.throws(() => declare(app({ web: service({ aliases: ['www'] }), old: service({ aliases: ['www'] }) })), {
    code: 'unsupported',
    message: 'www',
  })
  t.throws(() => declare(app({ web: service({ aliases: ['old'] }), old: service() })), { code: 'unsupported' })
})

t.test('unsupported says of two ports of a container that want one port of its Service', async (t) => {
  t.throws(() => declare(app({ web: service({ ports: [port(null, 80), port(80, 8080)] }) })), {
    code: 'unsupported',
    message: '80/tcp',
  })
  const both = [port(null, 53), { ...port(null, 53), protocol: 'udp' as const }]
  t.doesNotThrow(() => declare(app({ web: service({ ports: both }) })))
})

t.test('an error tells nothing of the environment', async (t) => {
  const spec = app({ web: service({ environment: { 'A B': 'hunter2' } }) })
  try {
    declare(spec)
    t.fail('it is refused')
  } catch (error) {
    t.type(error, AppError)
    t.notMatch(`${String(error)} ${JSON.stringify(error)}`, 'hunter2')
  }
})

t.test('another environment is another Secret, and another pod; the same is the same', async (t) => {
  const of = (environment: Record<string, string>): readonly string[] =>
    declare(app({ web: service({ environment }) })).objects.map(({ key }) => key)
  t.same(of({ A: '1', B: '2' }), of({ B: '2', A: '1' }))
  t.not(of({ A: '1' }).join(), of({ A: '2' }).join())
  t.notOk(of({}).some((key) => key.startsWith('Secret/')))
})

t.test('a scale and a stop leave alone what can not be changed', async (t) => {
  const spec = app({
    web: service(),
    job: service({ restart: { policy: 'no', maxAttempts: null } }),
    db: service({ mounts: [volume('data')], dependsOn: { web: after('service_started') } }),
  })
  const fixed = (changes: Parameters<typeof desired>[1]): unknown =>
    declareApp(desired(spec, changes), { facts: MODERN, settings: null }).objects.map(({ key, fixedDigest }) => [
      key,
      fixedDigest,
    ])
  t.same(fixed({ running: false }), fixed({}))
  t.same(fixed({ replicas: { web: 0, db: 0, job: 0 } }), fixed({}))
})
