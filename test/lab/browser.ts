import { accessSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** What Chromium ends its requests with whenever an interface comes or goes on the machine: with each engine of another test. */
const NETWORK_CHANGED = 'net::ERR_NETWORK_CHANGED'

export type { Page } from 'playwright-core'

/** A page of a browser of its own, and what its user should never have to see. */
export interface Tab {
  readonly page: Page
  /** Errors on the console (violations of the content security policy are among them), exceptions, requests that failed. */
  readonly complaints: readonly string[]
  /** The origins of everything that was asked for. */
  readonly origins: ReadonlySet<string>
}

interface SkippableTest {
  plan(count: number, comment?: string): void
  fail(message: string): unknown
  teardown(work: () => unknown): void
}

/**
 * The machine's own Chromium, without a window; ends with the test. `npm test` installs it where it can. Where there is none, the test
 * is skipped with the reason, or fails with it under `CI=true`: `const browser = await requireBrowser(t); if (!browser) return`.
 */
export async function requireBrowser(t: SkippableTest): Promise<Browser | null> {
  const executablePath = PLACES.find(isThere)
  if (executablePath) {
    // Chromium's sandbox refuses to run as root.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const browser = await chromium.launch({ executablePath, args, timeout: 60_000 })
    t.teardown(async () => await browser.close())
    return browser
  }
  const reason = `no browser for this test: none of ${PLACES.join(', ')} (Debian: chromium)`
  if (process.env.CI === 'true') t.fail(reason)
  else t.plan(0, reason)
  return null
}

/** A page with nothing kept from others. */
export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  const origins = new Set<string>()
  const complain = (text: string): void => {
    if (!text.includes(NETWORK_CHANGED)) complaints.push(text)
  }
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complain(message.text())
  })
  page.on('pageerror', (error) => complain(String(error)))
  page.on('requestfailed', (request) => complain(`${request.url()}: ${request.failure()?.errorText}`))
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol !== 'data:') origins.add(origin)
  })
  return { page, complaints, origins }
}

function isThere(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}
