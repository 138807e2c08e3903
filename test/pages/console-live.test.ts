import t from 'tap'
import { consoleScene, errorsIn, shop } from './console-scene.ts'
import type { Page } from '../lab/browser.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { deploy, must, webService } from '../prove/scene.ts'

/** A thousand lines a second from one service, and one line in all from the other. */
const CHATTY = {
  services: {
    loud: webService(IMAGES.web1, {
      command: ['/bin/sh', '-c', 'while :; do seq 1 100; usleep 100000; done'],
      healthcheck: { disable: true },
    }),
    quiet: webService(IMAGES.web1, { command: ['/bin/sh', '-c', 'echo only this >&2; exec /bin/web'] }),
  },
}

t.test('the console, when tokens, windows, logs and servers come and go', async (t) => {
  const scene = await consoleScene(t)
  if (!scene) return
  const { server } = scene

  const openStreams = async (count: number) =>
    await eventually(`${count} streams are open`, async () =>
      String((await server.request('GET', '/metrics')).body).includes(`\nmoorage_open_streams ${count}\n`),
    )
  await deploy(server, 'wide', 'shop', shop(IMAGES.web1, 'ahoy'))
  await deploy(server, 'wide', 'chatty', CHATTY)

  t.test('a token that is none, or is revoked while one looks, must lead to the sign-in with the reason', async (t) => {
    const { page, complaints } = await scene.open(t)
    await page.goto(`${server.url}/console`)
    for (const [text, reason] of [
      ['two words', /one word/],
      ['mrg_nonsense', /does not exist, was revoked or has expired/],
    ] as const) {
      await page.getByLabel('Token').fill(text)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('alert').getByText(reason).waitFor()
    }
    const { token, id } = await must(server, 'POST', '/v1/tenants/wide/tokens', { name: 'short', role: 'viewer' })
    await scene.signIn(page, token, '#/t/wide/a/shop')
    await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor()
    await page.locator('.live', { hasText: 'live' }).waitFor()
    await must(server, 'DELETE', `/v1/tenants/wide/tokens/${id}`)
    await page
      .getByRole('alert')
      .getByText(/revoked/)
      .waitFor({ timeout: 5000 })
    t.equal(await page.evaluate('JSON.stringify({ ...sessionStorage })'), '{}')
    t.same(errorsIn(complaints, /status of 401/), [])
  })

  t.test(
    'the log must follow its end until one scrolls up, hold what comes in a pause, keep 5,000 lines, and begin anew with the app',
    async (t) => {
      const { page, complaints } = await scene.signedIn(t, '#/t/wide/a/chatty')
      const log = page.getByRole('log')
      const atEnd = async () =>
        await page.evaluate<boolean>(
          `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 24)(document.querySelector('[role=log]'))`,
        )
      await eventually('it is full', async () => (await log.locator('.line').count()) === 5000)
      t.ok(await atEnd())
      t.equal(await page.getByRole('button', { name: 'To the end' }).count(), 0)

      await page.evaluate(`document.querySelector('[role=log]').scrollBy(0, -300)`)
      const toEnd = page.getByRole('button', { name: 'To the end' })
      await toEnd.waitFor()
      t.notOk(await atEnd())
      await toEnd.click()
      t.ok(await atEnd())

      await page.getByRole('button', { name: 'Pause' }).click()
      const last = await log.locator('.line').last().textContent()
      await page.getByRole('button', { name: /^Go on \(\d{3,}\)$/ }).waitFor()
      t.equal(await log.locator('.line').last().textContent(), last)
      await page.getByRole('button', { name: /^Go on/ }).click()
      await eventually('it goes on', async () => (await log.locator('.line').last().textContent()) !== last)

      await page.getByLabel('Service').selectOption('quiet')
      await log.locator('.line', { hasText: 'only this' }).waitFor()
      t.equal(await log.locator('.line').count(), 1)
      t.equal(await log.locator('.line.stderr').count(), 1)
      await page.getByRole('button', { name: 'Clear' }).click()
      t.equal(await log.locator('.line').count(), 0)
      await must(server, 'DELETE', '/v1/tenants/wide/apps/chatty?wait=60')
      await page.getByText('There is no such app here').waitFor()
      await deploy(server, 'wide', 'chatty', shop(IMAGES.web1, 'another'))
      await log.locator('.line', { hasText: 'another' }).first().waitFor()
      t.same(errorsIn(complaints, /status of 404/), [])
    },
  )

  t.test(
    'many windows must leave a connection free, and one that nobody sees its own; seen again it goes on',
    async (t) => {
      const { page: first, complaints } = await scene.signedIn(t, '#/t/wide/a/shop')
      const pages = [first]
      const context = first.context()
      const token = await first.evaluate<string>('sessionStorage.getItem("moorage.token")')
      for (let count = 0; count < 3; count++) {
        const page = await context.newPage()
        pages.push(page)
        await scene.signIn(page, token, '#/t/wide/a/shop')
        await page.getByText('2/2 ready').waitFor()
      }
      await pages.at(-1)?.locator('.live', { hasText: 'every 5 s' }).waitFor()
      await openStreams(5)
      const see = async (page: Page, seen: boolean) =>
        await page.evaluate(`
        Object.defineProperty(document, 'hidden', { configurable: true, value: ${!seen} })
        document.dispatchEvent(new Event('visibilitychange'))`)
      for (const page of pages) await see(page, false)
      await openStreams(0)
      await must(server, 'POST', '/v1/tenants/wide/apps/shop/scale?wait=60', { services: { web: 1 } })
      t.match(await first.locator('.workload').innerText(), '2/2 ready', 'it does not know yet')
      await see(first, true)
      await first.getByText('1/1 ready').waitFor()
      await must(server, 'POST', '/v1/tenants/wide/apps/shop/scale?wait=60', { services: { web: 2 } })
      await first.getByText('2/2 ready').waitFor()
      t.same(errorsIn(complaints), [])
    },
  )

  t.test('a server that is killed and comes back must be followed again', async (t) => {
    const { page, complaints } = await scene.signedIn(t)
    const app = page.locator('.app', { hasText: 'shop' })
    await app.getByText('2/2').waitFor()
    await page.locator('.live', { hasText: 'live' }).waitFor()
    await scene.killed(async () => await page.locator('.live', { hasText: 'reconnecting' }).waitFor())
    await page.locator('.live', { hasText: /^live$/ }).waitFor()
    const stop = await must(scene.server, 'POST', '/v1/tenants/wide/apps/shop/stop?wait=60')
    t.equal(stop.operation.status, 'succeeded')
    await app.locator('.workloads .status', { hasText: 'stopped' }).waitFor()
    t.same(errorsIn(complaints, /ERR_|status of 50[23]/), [])
  })
})
