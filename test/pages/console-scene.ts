import type { Test } from 'tap'
import { openTab, type Page, requireBrowser, type Tab } from '../lab/browser.ts'
import { labDatabase } from '../lab/database.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { type LabServer, startServer } from '../lab/server.ts'
import { addHost, must, webService } from '../prove/scene.ts'

/** Would say so, if any of it ever became markup. */
export const HOSTILE = `<img src=x onerror="window.hurt='yes'"><script>window.hurt='yes'</script>`

/** Two replicas that print a line each, with colours and markup in it. */
export const shop = (image: string, greeting: string): object => ({
  services: {
    web: webService(image, {
      command: [
        '/bin/sh',
        '-c',
        `printf '\\033[32m%s\\033[0m %s\\n' '${greeting}' '${HOSTILE.replaceAll("'", '"')}'; exec /bin/web`,
      ],
      deploy: { replicas: 2, resources: { limits: { cpus: '0.25', memory: '64M' } } },
    }),
  },
})

export interface ConsoleScene {
  readonly server: LabServer
  /** Kills the server, calls, and starts it again at the same address. */
  killed(meanwhile: () => Promise<void>): Promise<void>
  tokenOf(tenant: string): Promise<string>
  /** A tab that ends with the test. */
  open(t: Test, options?: Parameters<typeof openTab>[1]): Promise<Tab>
  signIn(page: Page, token: string, place?: string): Promise<void>
  /** A tab, signed in: as a viewer of `wide` where no token is given. */
  signedIn(t: Test, place?: string, token?: string, options?: Parameters<typeof openTab>[1]): Promise<Tab>
}

/** A browser, and a server with an engine and the tenants `wide`, `narrow` and `other`; null where the test is skipped. */
export async function consoleScene(t: Test): Promise<ConsoleScene | null> {
  const browser = await requireBrowser(t)
  if (!browser || !(await requireEngines(t))) return null
  const engine = await startEngine({ tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  const { url: databaseUrl } = await labDatabase(t)
  let server = await startServer({ databaseUrl })
  t.teardown(async () => await server.stop())
  await addHost(server, 'h1', engine, 'socket', { region: 'eu' })
  for (const name of ['other', 'wide', 'narrow'])
    await must(server, 'POST', '/v1/tenants', { name, displayName: `${name} ${HOSTILE}`.slice(0, 100) })

  const scene: ConsoleScene = {
    get server() {
      return server
    },
    async killed(meanwhile) {
      const { port } = new URL(server.url)
      server.kill('SIGKILL')
      await server.exited
      await meanwhile()
      server = await startServer({ databaseUrl, env: { MOORAGE_PORT: port } })
    },
    async tokenOf(tenant) {
      const body = { name: `viewer-${process.hrtime.bigint()}`, role: 'viewer' }
      return String((await must(server, 'POST', `/v1/tenants/${tenant}/tokens`, body)).token)
    },
    async open(t, options) {
      const tab = await openTab(browser, options)
      t.teardown(async () => await tab.page.context().close())
      return tab
    },
    async signIn(page, token, place = '') {
      await eventually('the page is there', async () => {
        // Its scripts too may be cut off by a change of the machine's network.
        await page.goto(`${server.url}/console${place}`)
        return await page
          .getByLabel('Token')
          .waitFor({ timeout: 5000 })
          .then(
            () => true,
            () => false,
          )
      })
      await page.getByLabel('Token').fill(token)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
    },
    async signedIn(t, place, token, options) {
      const tab = await scene.open(t, options)
      await scene.signIn(tab.page, token ?? (await scene.tokenOf('wide')), place)
      return tab
    },
  }
  return scene
}

/** What nobody should have to see; streams that the page itself ended are no errors. */
export function errorsIn(complaints: readonly string[], but = /^$/): string[] {
  return complaints.filter((text) => !text.endsWith('net::ERR_ABORTED') && !but.test(text))
}
