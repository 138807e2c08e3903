/** @typedef {{ tag: string, props: Record<string, unknown>, children: Child[], key: unknown }} Element_ */
/** @typedef {string | number | null | undefined | false | Element_ | Node | Child[]} Child */

const SVG = 'http://www.w3.org/2000/svg'
const SVG_TAGS = new Set(['svg', 'path', 'circle', 'g'])
/** @type {WeakMap<Node, unknown>} */
const keys = new WeakMap()
/** @type {WeakMap<Node, Record<string, unknown>>} */
const given = new WeakMap()

/**
 * What an element shall be, as a value. Texts stay texts whatever is in them: nothing here ever parses markup. `on…` properties are
 * functions, `style` an object, `true` an empty attribute; `key` tells siblings apart.
 * @param {string} tag
 * @param {Record<string, unknown> | null} [props]
 * @param {...Child} children
 * @returns {Element_}
 */
export function h(tag, props, ...children) {
  const { key, ...rest } = props ?? {}
  return { tag, props: rest, children, key }
}

/**
 * Makes the children of `parent` what is given, and keeps what is there already: focus, selection, scrolled places and opened details stay.
 * A node that is given itself is put in its place and otherwise left alone.
 * @param {Node} parent
 * @param {Child[]} children
 */
export function patch(parent, children) {
  const wanted = flat(children)
  /** @type {Map<unknown, ChildNode>} */
  const keyed = new Map()
  for (const node of parent.childNodes) if (keys.has(node)) keyed.set(keys.get(node), node)
  let next = parent.firstChild
  for (const child of wanted) {
    const node = child instanceof Node ? child : (reusable(next, child, keyed) ?? create(child))
    if (node === next) next = next.nextSibling
    else parent.insertBefore(node, next)
    if (typeof child === 'string') {
      if (node.nodeValue !== child) node.nodeValue = child
    } else if (!(child instanceof Node) && node instanceof Element) {
      update(node, child.props)
      patch(node, child.children)
    }
  }
  while (next) {
    const rest = next
    next = next.nextSibling
    rest.remove()
  }
}

/** @param {Child[]} children @returns {(string | Element_ | Node)[]} */
function flat(children) {
  return children.flatMap((child) => {
    if (Array.isArray(child)) return flat(child)
    if (child === null || child === undefined || child === false || child === '') return []
    return [typeof child === 'number' ? String(child) : child]
  })
}

/**
 * @param {ChildNode | null} next
 * @param {string | Element_} child
 * @param {Map<unknown, ChildNode>} keyed
 * @returns {ChildNode | null}
 */
function reusable(next, child, keyed) {
  if (typeof child === 'string') return next instanceof Text ? next : null
  const node = child.key === undefined ? next : (keyed.get(child.key) ?? null)
  return node instanceof Element && given.has(node) && node.localName === child.tag && keys.get(node) === child.key
    ? node
    : null
}

/** @param {string | Element_} child @returns {Node} */
function create(child) {
  if (typeof child === 'string') return document.createTextNode(child)
  const node = SVG_TAGS.has(child.tag) ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag)
  if (child.key !== undefined) keys.set(node, child.key)
  given.set(node, {})
  return node
}

/** @param {Element} node @param {Record<string, unknown>} props */
function update(node, props) {
  const before = given.get(node) ?? {}
  for (const name of Object.keys(before)) if (!(name in props)) set(node, name, undefined)
  for (const [name, value] of Object.entries(props)) if (before[name] !== value) set(node, name, value)
  given.set(node, props)
}

/** @param {Element} node @param {string} name @param {unknown} value */
function set(node, name, value) {
  if (name.startsWith('on')) Object.assign(node, { [name]: value ?? null })
  else if (name === 'style' && node instanceof HTMLElement)
    for (const [property, text] of Object.entries(value ?? {})) node.style.setProperty(property, String(text))
  else if (value === undefined || value === null || value === false) node.removeAttribute(name)
  else node.setAttribute(name, value === true ? '' : String(value))
}
