// A tar archive (POSIX ustar) of some files: what an engine's build call takes. Plain Node 20, no packages.

const BLOCK = 512

/**
 * @param {readonly { name: string, mode: number, bytes: Uint8Array }[]} files `name`: at most 100 bytes
 * @returns {Buffer} the same files give the same bytes
 */
export function tar(files) {
  const parts = []
  for (const { name, mode, bytes } of files) {
    parts.push(header(name, mode, bytes.length), bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK))
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)])
}

/** @param {string} name @param {number} mode @param {number} size */
function header(name, mode, size) {
  if (Buffer.byteLength(name) > 100) throw new Error(`the name is too long for a tar header: ${name}`)
  const block = Buffer.alloc(BLOCK)
  const octal = (/** @type {number} */ value, /** @type {number} */ at, /** @type {number} */ length) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
  block.write(name, 0, 'utf8')
  octal(mode, 100, 8)
  octal(0, 108, 8) // owner
  octal(0, 116, 8) // group
  octal(size, 124, 12)
  octal(0, 136, 12) // time of change: none, so that equal content is equal
  block.write('        ', 148, 'latin1') // the checksum counts as spaces while it is computed
  block.write('0', 156, 'latin1') // a regular file
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
