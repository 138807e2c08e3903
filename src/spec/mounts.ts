import { isDict, type Cursor } from './cursor.ts'
import { canonicalPath, isKernelPath, isName, NAME_FORM } from './names.ts'
import type { MountSpec } from './types.ts'
import { parseBytes, readBool, readBytes, readText } from './units.ts'

const BIND = 'bind mounts are refused: they would read a disk that is not the app’s; use a named volume'
const DRIVE =
  'Compose reads one letter before `:/` as a drive of Windows, so this is a bind mount, which is refused; give the volume a longer name'
const ANONYMOUS =
  'a volume without a name is refused: its data would be lost with the container; name it, and declare it under the top-level `volumes`'
const TARGET = 'the target must be an absolute path in the container, other than /, without `..`'

type VolumeMount = Extract<MountSpec, { type: 'volume' }>
type TmpfsMount = Extract<MountSpec, { type: 'tmpfs' }>

/** The mounts of a service, by their targets, each target once. `volumes` are the keys that the app declares. */
export function readMounts(service: Cursor, volumes: ReadonlySet<string>): MountSpec[] {
  const mounts = new Map<string, MountSpec>()
  const add = (mount: MountSpec | null, cursor: Cursor): void => {
    if (!mount) return
    if (isKernelPath(mount.target)) cursor.refuse('nothing may be mounted over /proc, /sys or /dev')
    if (mounts.has(mount.target)) cursor.invalid('another mount has the same target')
    if (mount.type === 'volume' && !volumes.has(mount.source))
      cursor.invalid('the volume is not declared under the top-level `volumes`')
    mounts.set(mount.target, mount)
  }
  for (const item of service.get('volumes').items()) add(isDict(item.value) ? readLong(item) : readShort(item), item)
  for (const item of service.get('tmpfs').items()) add(readTmpfs(item), item)
  return [...mounts.values()].toSorted((a, b) => (a.target < b.target ? -1 : 1))
}

function isDrive(text: string): boolean {
  return /^[A-Za-z]:[\\/]/.test(text)
}

function isPath(source: string): boolean {
  return /^[./~]/.test(source) || source.includes('/') || source.includes('\\') || /^[A-Za-z]:/.test(source)
}

function readShort(cursor: Cursor): VolumeMount | null {
  const text = readText(cursor) ?? ''
  const [source = '', target, options = '', ...more] = text.split(':')
  if (target === undefined) {
    cursor.refuse(ANONYMOUS)
    return null
  }
  if (isPath(source) || isDrive(text)) {
    cursor.refuse(isDrive(text) ? DRIVE : BIND)
    return null
  }
  const words = options.split(',').filter((word) => word !== '')
  const unknown = words.filter((word) => !['ro', 'rw', 'nocopy'].includes(word))
  if (unknown.length > 0) cursor.refuse('only the options ro, rw and nocopy are supported')
  if (more.length > 0 || (words.includes('ro') && words.includes('rw')))
    cursor.invalid('must be `volume:/target[:ro|rw][,nocopy]`')
  return volume(cursor, source, target, words.includes('ro'), words.includes('nocopy'))
}

function volume(cursor: Cursor, source: string, path: string, readOnly: boolean, noCopy: boolean): VolumeMount | null {
  const target = canonicalPath(path)
  if (target === null) cursor.invalid(TARGET)
  if (!isName(source)) cursor.invalid(`the source ${NAME_FORM}`)
  return target === null || !isName(source) ? null : { type: 'volume', source, target, readOnly, noCopy }
}

function readLong(cursor: Cursor): MountSpec | null {
  const type = cursor.get('type').value
  const source = readText(cursor.get('source')) ?? ''
  const path = readText(cursor.get('target')) ?? ''
  const readOnly = readBool(cursor.get('read_only'), false)
  if (type === 'tmpfs') {
    const target = canonicalPath(path)
    if (target === null) cursor.invalid(TARGET)
    if (source !== '' || cursor.has('volume')) cursor.invalid('a tmpfs has neither a source nor volume options')
    if (readOnly) cursor.refuse('a read-only tmpfs is not supported: it would stay empty')
    const sizeBytes = readBytes(cursor.get('tmpfs').get('size')) || null
    const mode = readMode(cursor.get('tmpfs').get('mode'))
    return target === null ? null : { type: 'tmpfs', target, sizeBytes, mode }
  }
  // The table refuses every type but these; a bind is told once.
  if (type !== 'volume') return null
  if (cursor.has('tmpfs')) cursor.invalid('a volume has no tmpfs options')
  if (source === '') cursor.refuse(ANONYMOUS)
  else if (isPath(source)) cursor.refuse(BIND)
  else return volume(cursor, source, path, readOnly, readBool(cursor.get('volume').get('nocopy'), false))
  return null
}

const MODE = 'must be permission bits: a string is octal, like "1777"'

/** A number is the bits themselves, as in Compose; a string is octal. */
function readMode(cursor: Cursor): number | null {
  const { value } = cursor
  if (value === undefined) return null
  const bits = typeof value === 'number' ? value : parseMode(String(value))
  if (bits !== null && Number.isInteger(bits) && bits >= 0 && bits <= 0o7777) return bits
  cursor.invalid(MODE)
  return null
}

function parseMode(text: string): number | null {
  return /^(0o?)?[0-7]{1,4}$/.test(text) ? Number.parseInt(text.replace(/^0o/, ''), 8) : null
}

/** `/run` or `/run:size=64m,mode=1777`. */
function readTmpfs(cursor: Cursor): TmpfsMount | null {
  const [path = '', options = '', ...more] = (readText(cursor) ?? '').split(':')
  const target = canonicalPath(path)
  if (target === null || more.length > 0) {
    cursor.invalid(more.length > 0 ? 'must be `/target[:size=64m,mode=1777]`' : TARGET)
    return null
  }
  let sizeBytes: number | null = null
  let mode: number | null = null
  for (const option of options.split(',')) {
    const [name = '', value = ''] = option.split('=')
    if (name === 'size') {
      sizeBytes = parseBytes(value)
      if (sizeBytes === null) cursor.invalid('the size of a tmpfs must be like 64m')
      sizeBytes ||= null
    } else if (name === 'mode') {
      mode = parseMode(value)
      if (mode === null) cursor.invalid(`the mode of a tmpfs ${MODE}`)
    } else if (!['', 'rw', 'noexec', 'nosuid', 'nodev'].includes(name)) {
      cursor.refuse('only the options size and mode are supported; noexec, nosuid and nodev hold always')
    }
  }
  return { type: 'tmpfs', target, sizeBytes, mode }
}
