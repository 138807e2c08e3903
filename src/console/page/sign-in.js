import { h } from './dom.js'
/** @import { View } from './main.js' */

/**
 * @param {{ signIn: (token: string) => Promise<void>, refusal: string, redraw: () => void }} options
 * @returns {View}
 */
export function signInView({ signIn, refusal, redraw }) {
  let message = refusal
  let busy = false

  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault()
    const form = event.currentTarget
    const input = form instanceof HTMLFormElement ? form.querySelector('input') : null
    const token = input?.value.trim() ?? ''
    // What a header can hold; the API says what else is wrong.
    message = /^[\x21-\x7e]+$/.test(token) ? '' : 'A token is one word, such as mrg_…'
    if (message === '' && !busy) {
      busy = true
      signIn(token).catch((error) => {
        busy = false
        message =
          error.status === 401
            ? 'This token does not exist, was revoked or has expired.'
            : `The API did not answer: ${error.message}`
        redraw()
        input?.focus()
      })
    }
    redraw()
  }

  return () => [
    h(
      'form',
      { class: 'sign-in card', onsubmit: submit },
      h('h1', null, 'Sign in'),
      h(
        'p',
        { class: 'faint' },
        'With a token of the API. The page shows what the token may see, and changes nothing.',
      ),
      message !== '' && h('p', { class: 'notice bad', role: 'alert', id: 'refusal', key: 'refusal' }, message),
      h('label', { for: 'token', key: 'label' }, 'Token'),
      h('input', {
        key: 'token',
        id: 'token',
        type: 'password',
        autocomplete: 'off',
        autocapitalize: 'none',
        spellcheck: 'false',
        placeholder: 'mrg_…',
        required: true,
        autofocus: true,
        'aria-describedby': message === '' ? undefined : 'refusal',
      }),
      h('button', { type: 'submit', class: 'main', key: 'submit', disabled: busy }, busy ? 'Signing in …' : 'Sign in'),
      h(
        'p',
        { class: 'faint small' },
        "It stays in this tab and is forgotten with it. The first admin's token was printed at the first start and is kept in ",
        h('code', null, '.moorage/admin-token'),
        '.',
      ),
    ),
  ]
}
