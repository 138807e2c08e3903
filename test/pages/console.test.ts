import t, { type Test } from 'tap'
import { openTab, type Page, requireBrowser, type Tab } from '../lab/browser.ts'
import { labDatabase } from '../lab/database.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages, IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { LAB_TOKEN, type LabServer, startServer } from '../lab/server.ts'
import { addHost, deploy, must, webService } from '../prove/scene.ts'

/** Would say so, if any of it ever became markup. */
const HOSTILE = `<img src=x onerror="window.hurt='yes'"><script>window.hurt='yes'</script>`

/** Two replicas that print a line each, with colours and markup in it. */
const shop = (image: string, greeting: string): object => ({
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

t.test('the console', async (t) => {
  const browser = await requireBrowser(t)
  if (!browser || !(await requireEngines(t))) return
  const engine = await startEngine({ tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  const { url: databaseUrl } = await labDatabase(t)
  let server = await startServer({ databaseUrl })
  t.teardown(async () => await server.stop())
  await addHost(server, 'h1', engine, 'socket', { region: 'eu' })
  for (const name of ['acme', 'other', 'wide', 'narrow'])
    await must(server, 'POST', '/v1/tenants', { name, displayName: `${name} ${HOSTILE}`.slice(0, 100) })

  const openStreams = async (count: number) =>
    await eventually(`${count} streams are open`, async () =>
      String((await server.request('GET', '/metrics')).body).includes(`\nmoorage_open_streams ${count}\n`),
    )
  /** A tab, which ends with the test, signed in: as a viewer of `wide` where no token is given. */
  const signedIn = async (
    t: Test,
    place = '',
    token?: string,
    options: Parameters<typeof openTab>[1] = {},
  ): Promise<Tab> => {
    const tab = await openTab(browser, options)
    t.teardown(async () => await tab.page.context().close())
    await signIn(tab.page, server, token ?? (await tokenOf(server, 'wide')), place)
    return tab
  }

  t.test('its files need no token, are asked for anew each time, and are all that is served', async (t) => {
    const get = async (path: string, headers: Record<string, string> = {}) =>
      await fetch(`${server.url}${path}`, { headers })
    for (const path of ['/console', '/console/', '/console/main.js', '/console/style.css', '/console/icon.svg']) {
      const answer = await get(path)
      t.equal(answer.status, 200, path)
      t.match(answer.headers.get('content-security-policy'), /^default-src 'none'; script-src 'self'; style-src 'self'/)
      t.match(answer.headers.get('content-security-policy'), /require-trusted-types-for 'script'/)
      t.notMatch(answer.headers.get('content-security-policy'), 'unsafe')
      t.equal(answer.headers.get('x-content-type-options'), 'nosniff')
      t.equal(answer.headers.get('referrer-policy'), 'no-referrer')
      t.equal(answer.headers.get('cache-control'), 'no-cache')
      const again = await get(path, { 'if-none-match': `"other", ${answer.headers.get('etag')}` })
      t.equal(again.status, 304)
      t.equal(await again.text(), '')
      t.equal((await get(path, { 'if-none-match': '"other"' })).status, 200)
    }
    for (const path of [
      '/console/tsconfig.json',
      '/console/types.d.ts',
      '/console/..%2fconsole-page.ts',
      '/console/nothing.js',
    ]) {
      const answer = await get(path)
      t.equal(answer.status, 404, path)
      t.match(answer.headers.get('content-type'), 'application/problem+json')
    }
  })

  for (const { width, colorScheme, tenant } of [
    { width: 1280, colorScheme: 'light' as const, tenant: 'wide' },
    { width: 390, colorScheme: 'dark' as const, tenant: 'narrow' },
  ]) {
    t.test(
      `at ${width} pixels, ${colorScheme}: a deploy must go through live, with steps, logs and sparklines`,
      async (t) => {
        const { page, complaints, origins } = await signedIn(t, '', await tokenOf(server, tenant), {
          viewport: { width, height: 800 },
          colorScheme,
        })
        await page.getByText('No app yet').waitFor()
        await page.evaluate('window.loadedOnce = true')
        const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
        t.equal(colorScheme === 'dark', Number(/\d+/.exec(background)?.[0]) < 60, background)
        await fits(t, page, width)

        const first = deploy(server, tenant, 'shop', shop(IMAGES.web1, 'ahoy'))
        const card = page.locator('.app', { hasText: 'shop' })
        await card.locator('.workloads .status.busy, .workloads .status.bad').first().waitFor()
        await page.locator('.section-operations .status', { hasText: 'running' }).waitFor()
        await card.locator('.workloads .status.good', { hasText: 'running' }).waitFor()
        await card.getByText('2/2').waitFor()
        t.equal((await first).status, 'succeeded')
        await page.locator('.section-operations .status', { hasText: 'succeeded' }).waitFor()
        await fits(t, page, width)

        await card.getByRole('link', { name: 'shop' }).click()
        await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor()
        await page.locator('.instances > li').nth(1).waitFor()
        const second = deploy(server, tenant, 'shop', shop(IMAGES.web2, 'good-day'))
        const operation = page.locator('.operation', { hasText: 'deploy release 2' })
        await operation.locator('.card-head .status', { hasText: 'running' }).waitFor()
        const steps = operation.locator('.steps > li')
        const seen = new Set<number>()
        await eventually('the operation ends, step by step', async () => {
          seen.add(await steps.count())
          return (await operation.locator('.card-head .status').innerText()) === 'succeeded'
        })
        t.ok(seen.size > 3, `the steps came one after the other: ${[...seen]}`)
        t.equal(await steps.count(), (await second).steps.length)
        await page.locator('.section-releases .row', { hasText: 'release 2' }).getByText('current').waitFor()
        await operation.locator('summary', { hasText: 'Plan' }).click()
        t.match(await operation.locator('pre').innerText(), /web/)
        await fits(t, page, width)

        const lines = page.getByRole('log').locator('.line', { hasText: 'good-day' })
        await lines.nth(1).waitFor()
        t.equal(await lines.locator('.ansi-green').first().textContent(), 'good-day')
        t.match(await lines.first().textContent(), '<script>window.hurt=')

        const sparklines = page.locator('.instances .sparkline path.line')
        await sparklines.nth(3).waitFor()
        await eventually('the sparklines grow', async () => (await sparklines.first().getAttribute('d'))?.includes('L'))
        await page
          .locator('.section-workloads > .sparklines', { hasText: /CPU.* of 0.50 cores.*Memory.* of 128 MiB/s })
          .waitFor()
        await fits(t, page, width)

        t.equal(await page.evaluate('window.loadedOnce'), true, 'all of it without loading the page again')
        t.equal(await page.evaluate('window.hurt'), undefined)
        t.same([...origins], [server.url])
        t.same(errorsIn(complaints), [])
      },
    )
  }

  t.test("an admin must see the hosts' capacity as bars, every tenant, and what is in it", async (t) => {
    const { page, complaints, origins } = await signedIn(t, '', LAB_TOKEN)
    const host = page.locator('.host', { hasText: 'h1' })
    await host.locator('.status', { hasText: 'ready' }).waitFor()
    t.match(await host.innerText(), /docker \d+\.\d+/)
    const cpu = host.getByRole('meter', { name: 'CPU' })
    t.match(
      await cpu.getAttribute('aria-valuetext'),
      /^1 of \d+ cores$/,
      'two apps of two replicas with a quarter each',
    )
    t.ok((await cpu.locator('.fill').boundingBox())?.width, 'it is drawn')
    t.match(await host.getByRole('meter', { name: 'Memory' }).getAttribute('aria-valuetext'), /^256 MiB of /)
    await must(server, 'POST', '/v1/hosts/h1/cordon')
    await host.locator('.status', { hasText: 'cordoned' }).waitFor()
    await must(server, 'POST', '/v1/hosts/h1/uncordon')
    await host.locator('.status', { hasText: 'cordoned' }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'wide' }).click()
    await page.locator('.app', { hasText: 'shop' }).getByText('2/2').waitFor()
    t.match(page.url(), /\/console#\/t\/wide$/)
    await page.goBack()
    await host.waitFor()
    t.equal(await page.evaluate('window.hurt'), undefined)
    t.same([...origins], [server.url])
    t.same(errorsIn(complaints), [])
  })

  t.test(
    'the token must stay in the tab: a reload keeps it, nothing else has it, signing out forgets it',
    async (t) => {
      const token = await tokenOf(server, 'wide')
      const { page, complaints } = await signedIn(t, '#/t/wide/a/shop', token)
      await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor()
      await page.reload()
      await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor()
      t.same(await page.evaluate('[JSON.stringify({ ...localStorage }), document.cookie]'), ['{}', ''])
      t.notMatch(page.url(), token)
      t.match(page.url(), /#\/t\/wide\/a\/shop$/)
      await page.getByRole('button', { name: /Colours: auto/ }).click()
      t.equal(await page.evaluate('document.documentElement.dataset.theme'), 'light')
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByLabel('Token').waitFor()
      t.equal(await page.evaluate('JSON.stringify({ ...sessionStorage })'), '{}')
      t.equal(await page.evaluate('document.body.innerText.includes("shop")'), false)
      t.same(errorsIn(complaints), [])
    },
  )

  t.test('a token that is none, or is revoked while one looks, must lead to the sign-in with the reason', async (t) => {
    const { page, complaints } = await openTab(browser)
    t.teardown(async () => await page.context().close())
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
    await signIn(page, server, token, '#/t/wide/a/shop')
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

  t.test("another tenant's app must look like one that is not there", async (t) => {
    const { page } = await signedIn(t, '#/t/wide/a/shop', await tokenOf(server, 'other'))
    await page.getByText('There is no such app here').waitFor()
    await page.goto(`${server.url}/console#/t/wide`)
    await page.getByRole('alert').waitFor()
    t.equal(await page.evaluate('document.body.innerText.includes("2/2")'), false)
  })

  t.test('markup in labels, messages, names and plans must be shown as it is, and do nothing', async (t) => {
    const { page, complaints } = await openTab(browser, { viewport: { width: 390, height: 800 } })
    t.teardown(async () => await page.context().close())
    await must(server, 'PATCH', '/v1/tenants/wide/apps/shop', { labels: { note: HOSTILE } })
    // What no real answer says: every text of an operation and of its workloads.
    const spoil = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(spoil)
      if (typeof value === 'object' && value !== null)
        return Object.fromEntries(
          Object.entries(value).map(([key, member]) => [key, /At$|^(id|app)$/.test(key) ? member : spoil(member)]),
        )
      return typeof value === 'string' ? `${value}${HOSTILE}` : value
    }
    await page.route(/\/(operations\/[^/]+|workloads\?.*|releases\?.*)$/, async (route) => {
      const response = await route.fetch()
      const body = await response.json()
      if (body.steps)
        Object.assign(body, { error: { code: 'internal', message: 'why', host: 'h1', service: 'web' }, reason: 'why' })
      await route.fulfill({ response, json: spoil(body) })
    })
    await signIn(page, server, await tokenOf(server, 'wide'), '#/t/wide/a/shop')
    await page.locator('.labels', { hasText: '<img src=x' }).waitFor()
    for (const place of ['.operation .notice', '.steps', '.workload', '.section-releases'])
      await page.locator(place, { hasText: '<script>window.hurt' }).first().waitFor()
    await fits(t, page, 390)
    t.equal(await page.locator('main img, main script').count(), 0)
    t.equal(await page.evaluate('window.hurt'), undefined)
    t.same(errorsIn(complaints), [])
  })

  t.test(
    'many windows must leave a connection free, and one that nobody sees its own; seen again it goes on',
    async (t) => {
      const { page: first, complaints } = await signedIn(t, '#/t/wide/a/shop')
      const pages = [first]
      const context = first.context()
      const token = await first.evaluate<string>('sessionStorage.getItem("moorage.token")')
      for (let count = 0; count < 3; count++) {
        const page = await context.newPage()
        pages.push(page)
        await signIn(page, server, token, '#/t/wide/a/shop')
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

  t.test('a server that is killed and comes back must be followed again, with what happened meanwhile', async (t) => {
    const { page, complaints } = await signedIn(t)
    await page.locator('.app', { hasText: 'shop' }).getByText('2/2').waitFor()
    await page.locator('.live', { hasText: 'live' }).waitFor()
    const { port } = new URL(server.url)
    server.kill('SIGKILL')
    await server.exited
    await page.locator('.live', { hasText: 'reconnecting' }).waitFor()
    server = await startServer({ databaseUrl, env: { MOORAGE_PORT: port } })
    await page.locator('.live', { hasText: /^live$/ }).waitFor()
    const stop = await must(server, 'POST', '/v1/tenants/wide/apps/shop/stop?wait=60')
    t.equal(stop.operation.status, 'succeeded')
    await page.locator('.app', { hasText: 'shop' }).locator('.workloads .status', { hasText: 'stopped' }).waitFor()
    t.same(errorsIn(complaints, /ERR_|status of 50[23]/), [])
  })
})

async function tokenOf(server: LabServer, tenant: string): Promise<string> {
  const body = { name: `viewer-${process.hrtime.bigint()}`, role: 'viewer' }
  return String((await must(server, 'POST', `/v1/tenants/${tenant}/tokens`, body)).token)
}

async function signIn(page: Page, server: LabServer, token: string, place = ''): Promise<void> {
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
}

/** Nothing is wider than the screen, and what one touches is large enough. */
async function fits(t: Test, page: Page, width: number): Promise<void> {
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
  const small = await page.evaluate<string[]>(`
    [...document.querySelectorAll('button, select, summary, nav a, .card-head a, a.row')]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 40)
      .map((element) => element.outerHTML)`)
  t.same(small, [], 'at least 40 pixels high')
}

/** What nobody should have to see; streams that the page itself ended are no errors. */
function errorsIn(complaints: readonly string[], but = /^$/): string[] {
  return complaints.filter((text) => !text.endsWith('net::ERR_ABORTED') && !but.test(text))
}
