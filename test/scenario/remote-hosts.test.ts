import t from 'tap'
import { requireEngines } from '../lab/engines.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/server.ts'
import { startSshd } from '../lab/sshd.ts'
import { labCa } from '../lab/tls.ts'
import { deploy, must, ourContainers, Scene, webService } from '../prove/scene.ts'

t.test(
  'a host behind SSH, then behind TLS, must run apps, tell what is wrong, and be mended where it is',
  async (t) => {
    if (!(await requireEngines(t))) return
    await Scene.run(async (scene) => {
      const ca = await labCa(scene)
      const [client, engine] = await Promise.all([
        ca.client(),
        scene.engine({ tls: async (address) => (await ca.server([address])).files }),
      ])
      const sshd = await startSshd(engine)
      const env = { MOORAGE_OBSERVE_SECONDS: '1', MOORAGE_RESYNC_SECONDS: '1' }
      const server = await scene.server({ databaseUrl: await scene.database(), env })
      const becomes = async (status: string, message: RegExp) =>
        await eventually(`the host is ${status}, ${message}`, async () => {
          const host = await must(server, 'GET', '/v1/hosts/far')
          return host.status === status && message.test(String(host.message)) && host
        })
      const patch = async (endpoint: object) => await must(server, 'PATCH', '/v1/hosts/far', { endpoint })
      const spec = (image: string) => ({ services: { web: webService(image) } })
      const runs = async (image: string) => {
        const containers = await ourContainers(engine)
        t.same(
          containers.map((one) => `${one.image} ${one.state}`),
          [`${image} running`],
        )
      }

      await must(server, 'POST', '/v1/hosts', { name: 'far', kind: 'docker', endpoint: { ssh: sshd.endpoint } })
      await must(server, 'POST', '/v1/tenants', { name: 'acme' })
      t.equal((await deploy(server, 'acme', 'shop', spec(IMAGES.web1))).status, 'succeeded')
      await runs(IMAGES.web1)
      t.equal(sshd.connections(), 1, 'one connection for all of it')

      await sshd.kill()
      await becomes('unreachable', /SSH server: .*refused/)
      await sshd.start()
      await becomes('ready', /null/)

      await sshd.changeHostKeys()
      await sshd.start()
      await becomes('unknown', /shows the host key SHA256:/)
      t.match(await deploy(server, 'acme', 'shop', spec(IMAGES.web2)), {
        status: 'failed',
        error: { code: 'host_identity_mismatch', message: /SHA256:/ },
      })
      t.match(await patch({ ssh: { ...sshd.endpoint, knownHost: sshd.hostKey('ed25519') } }), { status: 'ready' })
      t.equal((await deploy(server, 'acme', 'shop', spec(IMAGES.web2))).status, 'succeeded')
      await runs(IMAGES.web2)

      t.match(await patch({ url: engine.url, tls: client.tls }), { endpoint: { url: engine.url, tls: true } })
      await eventually('nobody is left on the old way', () => sshd.connections() === 0)
      await sshd.kill()
      t.equal((await deploy(server, 'acme', 'shop', spec(IMAGES.web1))).status, 'succeeded')
      await runs(IMAGES.web1)
      await becomes('ready', /null/)
      t.notMatch(server.lines.join('\n'), /PRIVATE KEY/)
    })
  },
)
