import t, { type Test } from 'tap'
import { consoleScene, errorsIn, HOSTILE, shop } from './console-scene.ts'
import type { Page } from '../lab/browser.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { LAB_TOKEN } from '../lab/server.ts'
import { deploy, must } from '../prove/scene.ts'

t.test('the console', async (t) => {
  const scene = await consoleScene(t)
  if (!scene) return
  const { server } = scene

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
        const { page, complaints, origins } = await scene.signedIn(t, '', await scene.tokenOf(tenant), {
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
    const { page, complaints, origins } = await scene.signedIn(t, '', LAB_TOKEN)
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
      const token = await scene.tokenOf('wide')
      const { page, complaints } = await scene.signedIn(t, '#/t/wide/a/shop', token)
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

  t.test("another tenant's app must look like one that is not there", async (t) => {
    const { page } = await scene.signedIn(t, '#/t/wide/a/shop', await scene.tokenOf('other'))
    await page.getByText('There is no such app here').waitFor()
    await page.goto(`${server.url}/console#/t/wide`)
    await page.getByRole('alert').waitFor()
    t.equal(await page.evaluate('document.body.innerText.includes("2/2")'), false)
  })

  t.test('markup in labels, messages, names and plans must be shown as it is, and do nothing', async (t) => {
    const { page, complaints } = await scene.open(t, { viewport: { width: 390, height: 800 } })
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
    await scene.signIn(page, await scene.tokenOf('wide'), '#/t/wide/a/shop')
    await page.locator('.labels', { hasText: '<img src=x' }).waitFor()
    for (const place of ['.operation .notice', '.steps', '.workload', '.section-releases'])
      await page.locator(place, { hasText: '<script>window.hurt' }).first().waitFor()
    await fits(t, page, 390)
    t.equal(await page.locator('main img, main script').count(), 0)
    t.equal(await page.evaluate('window.hurt'), undefined)
    t.same(errorsIn(complaints), [])
  })
})

/** Nothing is wider than the screen, and what one touches is large enough. */
async function fits(t: Test, page: Page, width: number): Promise<void> {
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
  const small = await page.evaluate<string[]>(`
    [...document.querySelectorAll('button, select, summary, nav a, .card-head a, a.row')]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 40)
      .map((element) => element.outerHTML)`)
  t.same(small, [], 'at least 40 pixels high')
}
