import t from 'tap'
import { openTab, requireBrowser } from '../lab/browser.ts'
import { labDatabase } from '../lab/database.ts'
import { LAB_TOKEN, startServer } from '../lab/server.ts'

t.test('the page of the API', async (t) => {
  const browser = await requireBrowser(t)
  if (!browser) return
  const { url: databaseUrl } = await labDatabase(t)
  const server = await startServer({ databaseUrl, roles: 'api' })
  t.teardown(async () => await server.stop())
  const { body: document } = await server.request('GET', '/openapi.json')
  const ids = Object.values<object>(document.paths)
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId }) => String(operationId))

  t.test('without a token it must list every operation, from this origin alone', async (t) => {
    const { page, complaints, origins } = await openTab(browser)
    const answer = await page.goto(`${server.url}/docs`)
    t.match(answer?.headers()['content-security-policy'], /^default-src 'none'/)
    await page
      .locator('.opblock')
      .nth(ids.length - 1)
      .waitFor()
    const shown = await page.evaluate<string[]>(`Array.from(document.querySelectorAll('.opblock'), ({ id }) => id)`)
    t.same(new Set(shown.map((id) => id.split('-').at(-1))), new Set(ids))
    t.equal(shown.length, ids.length)
    t.equal(await page.title(), 'Moorage API')
    t.same([...origins], [server.url])
    t.same(complaints, [])
  })

  t.test('a link to an operation must open it, at /docs/ too, and no wider than a narrow screen', async (t) => {
    const { page, complaints } = await openTab(browser, { viewport: { width: 390, height: 800 } })
    await page.goto(`${server.url}/docs/#/apps/applyApp`)
    await page.locator('#operations-apps-applyApp.is-open .responses-table').waitFor()
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
    t.same(complaints, [])
  })

  t.test('with a token it must carry out a request, and forget the token with the page', async (t) => {
    const { page, complaints, origins } = await openTab(browser)
    await page.goto(`${server.url}/docs`)
    await page.locator('button.authorize').click()
    await page.locator('.auth-container input').fill(LAB_TOKEN)
    await page.locator('.auth-container button.authorize').click()
    await page.locator('.auth-container button.btn-done').click()
    const whoami = page.locator('.opblock[id$="-whoami"]')
    await whoami.locator('.opblock-summary').click()
    await whoami.locator('.try-out__btn').click()
    await whoami.locator('.execute').click()
    await whoami.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor()
    t.match(
      await whoami.locator('.live-responses-table tbody .response-col_description').innerText(),
      /"role": "admin"/,
    )
    t.same([...origins], [server.url])
    t.same(complaints, [])
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')
    t.equal(kept, '[{},{},""]')
  })
})
