import t from 'tap'
import { openTab, requireBrowser } from '../lab/browser.ts'
import { labDatabase } from '../lab/database.ts'
import { LAB_TOKEN, startServer } from '../lab/server.ts'

t.test('the page for GraphQL', async (t) => {
  const browser = await requireBrowser(t)
  if (!browser) return
  const { url: databaseUrl } = await labDatabase(t)
  const server = await startServer({ databaseUrl, roles: 'api' })
  t.teardown(async () => await server.stop())

  t.test('with a token it must complete from the schema and carry out a query, from this origin alone', async (t) => {
    const { page, complaints, origins } = await openTab(browser)
    const answer = await page.goto(`${server.url}/graphiql`)
    t.match(answer?.headers()['content-security-policy'], /^default-src 'none'/)
    t.equal(await page.title(), 'Moorage GraphQL')
    await page.locator('#token').fill(LAB_TOKEN)
    await page.locator('#who button').click()
    await page.locator('button.graphiql-execute-button').click()
    await page.locator('.result-window', { hasText: '"role": "admin"' }).waitFor()
    await page.locator('button[aria-label*="Documentation"]').click()
    await page.locator('.graphiql-doc-explorer', { hasText: 'Mutation' }).waitFor()
    t.same([...origins], [server.url])
    t.same(complaints, [])
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')
    t.equal(kept, '[{},{},""]')
  })

  t.test('without a token it must say so and ask nothing', async (t) => {
    const { page, complaints } = await openTab(browser)
    const asked: string[] = []
    page.on('request', (request) => void asked.push(new URL(request.url()).pathname))
    await page.goto(`${server.url}/graphiql/`)
    await page.locator('button.graphiql-execute-button').click()
    await page.locator('.result-window', { hasText: 'Put a token' }).waitFor()
    t.notOk(asked.includes('/graphql'))
    t.same(complaints, [])
  })

  t.test('a subscription must bring what happens', async (t) => {
    const { page, complaints, origins } = await openTab(browser)
    await page.goto(`${server.url}/graphiql`)
    await page.locator('#token').fill(LAB_TOKEN)
    await page.locator('#who button').click()
    await server.request('POST', '/v1/tenants', { body: { name: 'acme' } })
    const editor = page.locator('.graphiql-query-editor .CodeMirror')
    await editor.click()
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText('subscription { events(tenant: "acme") { ... on Event { type } } }')
    await page.locator('button.graphiql-execute-button').click()
    await page.locator('button.graphiql-execute-button[aria-label*="Stop"]').waitFor()
    for (
      let at = 0;
      at < 100 && !(await page.locator('.result-window', { hasText: 'token.created' }).count());
      at += 1
    ) {
      await server.request('POST', '/v1/tenants/acme/tokens', { body: { name: `t${at}`, role: 'viewer' } })
      await page.waitForTimeout(250)
    }
    t.match(await page.locator('.result-window').innerText(), 'token.created')
    t.same(new Set([...origins].map((origin) => origin.replace(/^ws/, 'http'))), new Set([server.url]))
    t.same(complaints, [])
  })

  t.test('it must be no wider than a narrow screen', async (t) => {
    const { page, complaints } = await openTab(browser, { viewport: { width: 390, height: 800 } })
    await page.goto(`${server.url}/graphiql`)
    await page.locator('button.graphiql-execute-button').waitFor()
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
    const box = await page.locator('button.graphiql-execute-button').boundingBox()
    t.ok(box && box.x >= 0 && box.x + box.width <= 390, 'its button is on the screen')
    t.same(complaints, [])
  })
})
