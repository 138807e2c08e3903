import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { EngineChange, LogLine, LogOptions } from '../../src/drivers/index.ts'
import { follow } from '../../src/drivers/kubernetes/follow.ts'
import { logsReader, tail } from '../../src/drivers/kubernetes/logs.ts'
import { inspect, observe } from '../../src/drivers/kubernetes/observe.ts'
import { requireCluster } from '../lab/kube.ts'
import { eventually } from '../lab/run.ts'
import { all, freely } from './build.ts'
import { podScene } from './kubernetes-pods.ts'

const cluster = await requireCluster(t)
if (cluster) {
  const scene = await podScene(t, cluster)
  const { context, namespace, appId, labels } = scene
  const call = freely()

  t.test('each change of a pod and of an object of ours is told, those of others are not', async (t) => {
    const other = await podScene(t, cluster)
    const told: EngineChange[] = []
    const ending = new AbortController()
    const changes = await follow(context, { signal: ending.signal })
    const following = (async () => {
      for await (const change of changes) told.push(change)
    })()
    await other.make({ name: 'theirs', script: 'sleep 1000' })
    const nativeId = await scene.run({ name: 'followed', script: 'sleep 1000' })
    await eventually('the pod is told of', () => told.some((change) => change.nativeId === nativeId))
    await cluster.kubectl(['-n', namespace, 'create', 'service', 'clusterip', 'none', '--tcp=80'])
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'ours', namespace, labels } }
    await scene.apply({ ...service, spec: { ports: [{ port: 80, protocol: 'TCP' }] } })
    await eventually('the Service is told of', () => told.some((change) => change.nativeId === null))
    t.ok(told.every((change) => change.appId === appId))
    told.splice(0)
    await scene.remove('pod', 'followed')
    await eventually('its end is told of', () => told.some((change) => change.nativeId === nativeId))
    ending.abort(new Error('enough'))
    await following
    t.pass('an abort ends it by its return')
  })

  t.test('labels alone make nothing an app’s: it must be in a namespace that is', async (t) => {
    const nativeId = await scene.make({ name: 'own', script: 'sleep 1000' })
    const names = [`${namespace}-copy`, `foreign-${appId.slice(0, 8)}`] as const
    const [copy, foreign] = names
    t.teardown(async () => await cluster.kubectl(['delete', 'namespace', ...names, '--wait=false']))
    const space = { apiVersion: 'v1', kind: 'Namespace' }
    await scene.apply({ ...space, metadata: { name: copy, labels } }, { ...space, metadata: { name: foreign } })
    const pod = JSON.parse(await cluster.kubectl(['-n', namespace, 'get', 'pod', 'own', '-o', 'json'])) as {
      readonly metadata: { readonly annotations: object; readonly labels: object }
      readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] }
    }
    const containers = pod.spec.containers.map(({ name, image }) => ({ name, image, imagePullPolicy: 'Never' }))
    for (const there of names) {
      const metadata = { namespace: there, labels: pod.metadata.labels }
      const annotations = { 'moorage.io/service-digest': 'd'.repeat(64) }
      await scene.apply(
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'forged' } },
        { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'forged', annotations }, spec: { containers } },
      )
    }
    for (const filter of [{}, { appId }]) {
      const seen = await observe(scene.connect(), filter, call)
      t.same(
        seen.instances.map((one) => one.nativeId),
        [nativeId],
      )
      const keys = seen.objects.map(({ key }) => key)
      t.ok(keys.includes(`Namespace/${namespace}`))
      t.notOk(keys.includes(`Namespace/${copy}`) || keys.includes('ConfigMap/forged'), keys.join())
    }
    for (const there of names) {
      const uid = await cluster.kubectl(['-n', there, 'get', 'pod', 'forged', '-o', 'jsonpath={.metadata.uid}'])
      t.equal(await inspect(scene.connect(), `${there}/forged/${uid}`, call), null)
    }
    t.equal((await inspect(scene.connect(), nativeId, call))?.appId, appId, 'its own is')
    await scene.remove('pod', 'own')
  })

  t.test('an aborted signal keeps it from beginning', async (t) => {
    const reason = new Error('enough')
    await t.rejects(follow(context, { signal: AbortSignal.abort(reason) }), reason)
  })

  const logs = logsReader(context)
  const read = async (nativeId: string, wanted: LogOptions): Promise<(readonly LogLine[])[]> =>
    await all(logs(nativeId, wanted, call))

  t.test('a log is brought as much as is wanted, and a position is gone on from exactly', async (t) => {
    const script = 'echo one line; echo it broke >&2; exit 3'
    const nativeId = await scene.make({ name: 'ended', script, spec: { restartPolicy: 'Never' } })
    await eventually('it has exited', async () => {
      return (
        (await cluster.kubectl(['-n', namespace, 'get', 'pod', 'ended', '-o', 'jsonpath={.status.phase}'])) === 'Failed'
      )
    })
    const both = (await read(nativeId, { tail: Infinity, follow: false })).flat()
    t.same(both.map(({ text }) => text).toSorted(), ['it broke', 'one line'])
    const [first, last] = both
    if (!first || !last) throw new Error('there are not two lines')
    t.ok(first.time <= last.time)
    for (const { time, stream, cut } of both) {
      t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
      t.same([stream, cut], ['stdout', false])
    }
    const some: [string, LogOptions, readonly LogLine[]][] = [
      ['a hundred', { tail: 100, follow: false }, both],
      ['the last', { tail: 1, follow: false }, [last]],
      ['none', { tail: 0, follow: false }, []],
      ['since is exact', { tail: Infinity, since: last.time, follow: false }, [last]],
      ['since and tail', { tail: 100, since: last.time, follow: false }, [last]],
      ['later', { tail: 100, since: '2999-01-01T00:00:00Z', follow: false }, []],
      ['after', { tail: 0, after: { time: first.time, lines: 1 }, follow: false }, [last]],
      ['after, followed', { tail: 0, after: { time: first.time, lines: 1 }, follow: true }, [last]],
      ['after the last', { tail: 0, after: { time: last.time, lines: 1 }, follow: true }, []],
      ['none, followed', { tail: 0, follow: true }, []],
    ]
    for (const [what, wanted, lines] of some) t.strictSame((await read(nativeId, wanted)).flat(), lines, what)
    const followed = await read(nativeId, { tail: 100, follow: true })
    t.strictSame(followed.flat(), both, 'a followed log of one that has ended ends')
    t.equal(followed.filter(({ length }) => length === 0).length, 1, 'and says once where what was there ends')
    t.strictSame(await tail(context, nativeId, 1, call), [last.text])
    const theirs = scene.connect({ installation: randomUUID() })
    t.strictSame(await all(logsReader(theirs)(nativeId, { tail: 100, follow: true }, call)), [], 'not ours: nothing')
    t.strictSame(await tail(theirs, nativeId, 1, call), [])
    for (const gone of ['no-such-container', nativeId.replace('/ended/', '/nobody/'), `${nativeId}0`])
      t.strictSame(await read(gone, { tail: 100, follow: true }), [])
  })

  t.test('a followed log goes on over restarts, each line once, and a pod that waits is waited for', async (t) => {
    const script =
      'n=$(cat /data/n 2>/dev/null || echo 0); echo $((n + 1)) > /data/n; echo run $n; sleep 1; echo end $n; [ $n = 2 ] && sleep 1000'
    const volume = { volumes: [{ name: 'data', emptyDir: {} }] }
    const container = { volumeMounts: [{ name: 'data', mountPath: '/data' }] }
    const nativeId = await scene.make({ name: 'again', script, spec: volume, container })
    const abort = new AbortController()
    const lines: LogLine[] = []
    let marks = 0
    const following = (async () => {
      for await (const batch of logs(nativeId, { tail: 10, follow: true }, { signal: abort.signal })) {
        lines.push(...batch)
        if (batch.length === 0) marks += 1
      }
    })()
    await eventually('all three have spoken', () => lines.some(({ text }) => text === 'end 2'), 90_000)
    t.same(
      lines.map(({ text }) => text),
      [0, 1, 2].flatMap((n) => [`run ${n}`, `end ${n}`]),
    )
    t.equal(marks, 1)
    const [, second] = lines.filter(({ text }) => text.startsWith('run'))
    const after = { time: second?.time ?? '', lines: 1 }
    const rest = await read(nativeId, { tail: 0, after, follow: false })
    t.same(
      rest.flat().map(({ text }) => text),
      ['end 1', 'run 2', 'end 2'],
      'the place may be in the container before',
    )
    abort.abort(new Error('enough'))
    await following
  })

  t.test(
    'of a container that has said nothing since its restart, the last lines are those of the one before',
    async (t) => {
      const script = '[ -e /data/n ] && sleep 1000; touch /data/n; echo it broke'
      const volume = { volumes: [{ name: 'data', emptyDir: {} }] }
      const nativeId = await scene.make({
        name: 'quiet',
        script,
        spec: volume,
        container: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
      })
      await eventually('it runs again', async () => {
        const path = 'jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].state.running}'
        return (await cluster.kubectl(['-n', namespace, 'get', 'pod', 'quiet', '-o', path])).startsWith('1 {')
      })
      t.same(await tail(context, nativeId, 5, call), ['it broke'])
    },
  )

  t.test('a followed log ends with its pod, and takes all that was written', async (t) => {
    const nativeId = await scene.run({
      name: 'long',
      script:
        'i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; head -c 200000 /dev/zero | tr "\\\\0" x; echo; sleep 1000',
    })
    const lines: LogLine[] = []
    const ended = (async () => {
      for await (const batch of logs(nativeId, { tail: Infinity, follow: true }, call)) lines.push(...batch)
    })()
    await eventually('all came', () => lines.length >= 30_001)
    t.ok(lines.slice(0, 30_000).every(({ text }, nth) => text === `line ${nth}`))
    t.match(lines.at(-1), { cut: true, text: 'x'.repeat(65_536) })
    t.same((await read(nativeId, { tail: 3, follow: false })).flat(), lines.slice(-3), 'a long line counts once')
    await scene.remove('pod', 'long')
    await ended
    t.pass('it ended')
  })
}
