import { createApi } from './api.js'
import { appView } from './app.js'
import { h, patch } from './dom.js'
import { homeView } from './home.js'
import { link } from './parts.js'
import { signInView } from './sign-in.js'
import { tenantView } from './tenant.js'
/** @import { Api, StreamState } from './api.js' */
/** @import { Child } from './dom.js' */
/** @import { Whoami } from './types.d.ts' */

/**
 * What a view gets; it draws itself whenever `redraw` was called, and ends with `signal`.
 * @typedef {object} Context
 * @property {Api} api
 * @property {AbortSignal} signal
 * @property {() => void} redraw
 * @property {(text: string) => void} announce For those who hear the page instead of seeing it.
 * @property {(state: StreamState) => void} onState
 */
/** @typedef {() => Child[]} View */

const TOKEN = 'moorage.token'
const THEMES = ['auto', 'light', 'dark']
/** What a stream's state is called, and what it means. */
const STATES = /** @type {Record<string, [string, string]>} */ ({
  live: ['live', 'Changes show by themselves'],
  waiting: ['reconnecting', 'The connection is lost; trying again'],
  crowded: ['every 5 s', 'Other windows of this page have all connections; this one looks again every five seconds'],
})
/** So that "3 minutes ago" stays true. */
const TICK_MS = 10_000

/** @param {{ skip: Element, header: Element, main: HTMLElement, announcer: Element }} places */
function start({ skip, header, main, announcer }) {
  /** @type {{ token: string, who: Whoami } | null} */
  let session = null
  let refusal = ''
  let live = ''
  /** @type {View | null} */
  let view = null
  let ending = new AbortController()
  let drawn = false
  let fresh = true

  const redraw = () => {
    if (drawn) return
    drawn = true
    requestAnimationFrame(() => {
      drawn = false
      patch(header, headerOf())
      patch(main, view?.() ?? [])
      const first = main.querySelector('[autofocus]')
      if (fresh && first instanceof HTMLElement) first.focus()
      fresh = false
    })
  }
  const announce = (/** @type {string} */ text) => patch(announcer, [text])

  /** @param {string} detail */
  const signOut = (detail) => {
    sessionStorage.removeItem(TOKEN)
    session = null
    refusal = detail
    show()
  }

  /** @param {string} token */
  const signIn = async (token) => {
    const api = createApi({ token, onRefused: () => {} })
    const who = /** @type {Whoami} */ (await api.get('/v1/whoami', ending.signal))
    sessionStorage.setItem(TOKEN, token)
    session = { token, who }
    refusal = ''
    show()
  }

  /** The view of the address. */
  const show = () => {
    ending.abort()
    ending = new AbortController()
    live = ''
    fresh = true
    const { signal } = ending
    if (session === null) {
      document.title = 'Sign in · Moorage'
      view = signInView({ signIn, refusal, redraw })
    } else {
      const onRefused = (/** @type {string} */ detail) => {
        if (!signal.aborted) signOut(detail)
      }
      const api = createApi({ token: session.token, onRefused })
      const onState = (/** @type {string} */ state) => {
        if (signal.aborted || live === state) return
        if (state === 'waiting' && live === 'live') announce('The connection is lost; trying again.')
        live = state
        redraw()
      }
      view = viewOf({ api, signal, redraw, announce, onState }, session.who)
    }
    scrollTo(0, 0)
    redraw()
  }

  /** @param {Context} context @param {Whoami} who @returns {View} */
  const viewOf = (context, who) => {
    const { tenant, app, operation } = placeOf(location.hash)
    document.title = `${[app, tenant, 'Moorage'].filter(Boolean).join(' · ')}`
    if (tenant !== undefined && app !== undefined) return appView(context, { tenant, app, operation })
    if (tenant !== undefined) return tenantView(context, { tenant })
    if (who.tenant === null) return homeView(context)
    history.replaceState(null, '', link(who.tenant))
    return viewOf(context, who)
  }

  const headerOf = () => {
    const { tenant, app } = placeOf(location.hash)
    const theme = document.documentElement.dataset.theme ?? 'auto'
    const nextTheme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
    const crumb = (/** @type {string} */ text, /** @type {string} */ href, /** @type {boolean} */ current) =>
      h('li', { key: href }, h('a', { href, 'aria-current': current && 'page' }, text))
    return [
      h(
        'div',
        { class: 'bar-top' },
        h(
          'a',
          { class: 'brand', href: '#/' },
          h('img', { src: '/console/icon.svg', alt: '', width: 24, height: 24 }),
          'Moorage',
        ),
        session !== null &&
          h(
            'nav',
            { 'aria-label': 'Where you are', key: 'nav' },
            h(
              'ol',
              null,
              session.who.tenant === null && crumb('Platform', '#/', tenant === undefined),
              tenant !== undefined && crumb(tenant, link(tenant), app === undefined),
              app !== undefined && tenant !== undefined && crumb(app, link(tenant, app), true),
            ),
          ),
        h('span', { class: 'grow', key: 'grow' }),
        session !== null &&
          live !== '' &&
          h(
            'span',
            {
              class: `live ${live}`,
              key: 'live',
              title: STATES[live]?.[1],
            },
            h('span', { class: 'dot', 'aria-hidden': 'true' }),
            STATES[live]?.[0],
          ),
        h(
          'button',
          {
            type: 'button',
            class: 'quiet',
            key: 'theme',
            'aria-label': `Colours: ${theme}. Change to ${nextTheme}`,
            title: `Colours: ${theme}`,
            onclick() {
              document.documentElement.dataset.theme = nextTheme
              localStorage.setItem('moorage.theme', nextTheme)
              redraw()
            },
          },
          { auto: '◐', light: '○', dark: '●' }[theme] ?? '◐',
        ),
        session !== null &&
          h(
            'button',
            {
              type: 'button',
              class: 'quiet',
              key: 'out',
              title: `${session.who.name}, ${session.who.role}`,
              onclick: () => signOut(''),
            },
            'Sign out',
          ),
      ),
    ]
  }

  skip.addEventListener('click', (event) => {
    // Not by its address, which says where one is.
    event.preventDefault()
    main.focus()
  })
  addEventListener('hashchange', () => {
    show()
    main.focus({ preventScroll: true })
  })
  setInterval(redraw, TICK_MS)
  const kept = sessionStorage.getItem(TOKEN)
  show()
  if (kept !== null) {
    view = () => [h('p', { class: 'faint' }, 'Signing in …')]
    signIn(kept).catch((error) => signOut(error.status === 401 ? error.message : `It did not answer: ${error.message}`))
  }
}

/** `#/t/<tenant>/a/<app>/o/<operation>`, from the left as far as it goes. @param {string} hash */
function placeOf(hash) {
  const [, tenant, , app, , operation] = /^#\/t\/([^/]+)(\/a\/([^/]+)(\/o\/([^/]+))?)?$/.exec(hash) ?? []
  return { tenant: plain(tenant), app: plain(app), operation: plain(operation) }
}

/** @param {string | undefined} part */
function plain(part) {
  try {
    return part && decodeURIComponent(part)
  } catch {
    return part
  }
}

const [skip, header, main, announcer] = ['skip', 'header', 'main', 'announcer'].map((id) => document.getElementById(id))
if (skip && header && main && announcer) start({ skip, header, main, announcer })
