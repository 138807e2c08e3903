/* global React, ReactDOM, GraphiQL, graphqlWs */

const EXAMPLE = `# The token above says who asks. Ctrl-Enter carries this out; Ctrl-Space completes.
{
  whoami {
    name
    role
    tenant
  }
}
`

/** Nothing of what is typed here outlives the page: neither queries nor headers, and never the token. */
class Memory {
  #values = new Map()
  get length() {
    return this.#values.size
  }
  getItem(key) {
    return this.#values.get(key) ?? null
  }
  setItem(key, value) {
    this.#values.set(key, value)
  }
  removeItem(key) {
    this.#values.delete(key)
  }
  clear() {
    this.#values.clear()
  }
}

const storage = new Memory()
const session = { token: '' }

function isSubscription({ query, operationName }) {
  const text = query.replace(/#.*$/gm, '')
  return operationName
    ? new RegExp(`\\bsubscription\\s+${operationName}\\b`).test(text)
    : /^\s*subscription\b/m.test(text)
}

/** A connection of its own, which ends with the subscription. */
function subscribe(params) {
  const client = graphqlWs.createClient({
    url: new URL('/graphql', location.href.replace(/^http/, 'ws')).href,
    connectionParams: { authorization: `Bearer ${session.token}` },
    retryAttempts: 0,
  })
  return client.iterate(params)
}

function fetcher(params) {
  if (session.token === '') return { errors: [{ message: 'Put a token into the field above first.' }] }
  return isSubscription(params) ? subscribe(params) : post(params)
}

async function post(params) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${session.token}`,
      accept: 'application/graphql-response+json',
      'content-type': 'application/json',
    },
    body: JSON.stringify(params),
  })
  const answer = await response.json()
  // 401 is a problem document.
  return response.status === 401 ? { errors: [{ message: answer.detail, extensions: { code: answer.code } }] } : answer
}

const root = ReactDOM.createRoot(document.getElementById('graphiql'))

/** Anew for each token: the schema is asked for with it. */
function render() {
  const element = React.createElement(GraphiQL, {
    key: session.token,
    fetcher,
    storage,
    defaultQuery: EXAMPLE,
    shouldPersistHeaders: false,
    isHeadersEditorEnabled: false,
    defaultEditorToolsVisibility: 'variables',
  })
  root.render(element)
}

const form = document.getElementById('who')
form.addEventListener('submit', (event) => {
  event.preventDefault()
  session.token = form.elements.token.value.trim()
  form.querySelector('output').textContent = session.token === '' ? '' : 'in use'
  render()
})
render()
