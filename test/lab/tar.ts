export interface TarEntry {
  readonly name: string
  readonly content?: Uint8Array | string
  /** A symbolic link's target. */
  readonly link?: string
  /** Octal permissions; a folder's name ends with `/`. Default 0755. */
  readonly mode?: number
}

/** A ustar archive (POSIX.1-1988) of names up to 100 bytes, with the same bytes for the same entries. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks: Buffer[] = []
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '')
    const header = Buffer.alloc(512)
    const octal = (value: number, offset: number, length: number): void => {
      header.write(value.toString(8).padStart(length - 1, '0'), offset, 'ascii')
    }
    if (Buffer.byteLength(entry.name) > 100) throw new RangeError(`${entry.name} is too long for this archive`)
    header.write(entry.name, 0)
    octal(entry.mode ?? 0o755, 100, 8)
    octal(0, 108, 8)
    octal(0, 116, 8)
    octal(content.length, 124, 12)
    octal(0, 136, 12)
    header.fill(' ', 148, 156)
    header.write(entry.link === undefined ? (entry.name.endsWith('/') ? '5' : '0') : '2', 156)
    header.write(entry.link ?? '', 157)
    header.write('ustar\x0000', 257)
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      148,
      7,
    )
    blocks.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512))
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}
