/**
 * How long a container goes on to serve after it was told to stop: until every node knows that it is no endpoint any more, and who asked for its
 * address has forgotten it (CoreDNS tells for 5 s what it knows).
 */
export const DRAIN_SECONDS = 6

const HEADERS_LENGTH = 64 + 56
const BASE = 0x40_0000

/**
 * Static programs that sleep for so long and exit with 0, whatever an image holds, by the architecture of the node. Written by hand: no
 * compiler and no download is worth 160 bytes.
 */
export const DRAIN_PROGRAMS: Readonly<Record<'amd64' | 'arm64', Uint8Array>> = {
  amd64: program(0x3e, [
    [0x48, 0x8d, 0x3d, 0x15, 0x00, 0x00, 0x00], // lea rdi, [rip + 21]: the time, behind the code
    [0x31, 0xf6], // xor esi, esi: what is left of it is told to nobody
    [0xb8, 0x23, 0x00, 0x00, 0x00], // mov eax, 35: nanosleep
    [0x0f, 0x05], // syscall
    [0x31, 0xff], // xor edi, edi: success
    [0xb8, 0x3c, 0x00, 0x00, 0x00], // mov eax, 60: exit
    [0x0f, 0x05], // syscall
    [0x90, 0x90, 0x90], // nop, so that the time begins at a multiple of 4
  ]),
  arm64: program(0xb7, [
    [0xe0, 0x00, 0x00, 0x10], // adr x0, . + 28: the time, behind the code
    [0x01, 0x00, 0x80, 0xd2], // mov x1, 0: what is left of it is told to nobody
    [0xa8, 0x0c, 0x80, 0xd2], // mov x8, 101: nanosleep
    [0x01, 0x00, 0x00, 0xd4], // svc 0
    [0x00, 0x00, 0x80, 0xd2], // mov x0, 0: success
    [0xa8, 0x0b, 0x80, 0xd2], // mov x8, 93: exit
    [0x01, 0x00, 0x00, 0xd4], // svc 0
  ]),
}

/** An ELF file of one segment, loaded as a whole, that may be read and run: headers, code, and the time as a `struct timespec`. */
function program(machine: number, code: readonly (readonly number[])[]): Uint8Array {
  const instructions = code.flat()
  const length = HEADERS_LENGTH + instructions.length + 16
  const bytes = Buffer.alloc(length)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]) // "\x7fELF", 64 bits, little-endian, version 1
  bytes.writeUInt16LE(2, 16) // e_type: executable
  bytes.writeUInt16LE(machine, 18) // e_machine
  bytes.writeUInt32LE(1, 20) // e_version
  bytes.writeBigUInt64LE(BigInt(BASE + HEADERS_LENGTH), 24) // e_entry
  bytes.writeBigUInt64LE(64n, 32) // e_phoff
  bytes.writeUInt16LE(64, 52) // e_ehsize
  bytes.writeUInt16LE(56, 54) // e_phentsize
  bytes.writeUInt16LE(1, 56) // e_phnum
  bytes.writeUInt32LE(1, 64) // p_type: loaded
  bytes.writeUInt32LE(5, 68) // p_flags: read, run
  bytes.writeBigUInt64LE(BigInt(BASE), 80) // p_vaddr
  bytes.writeBigUInt64LE(BigInt(BASE), 88) // p_paddr
  bytes.writeBigUInt64LE(BigInt(length), 96) // p_filesz
  bytes.writeBigUInt64LE(BigInt(length), 104) // p_memsz
  bytes.writeBigUInt64LE(0x1_0000n, 112) // p_align: of the largest pages that an arm64 kernel has
  bytes.set(instructions, HEADERS_LENGTH)
  bytes.writeBigUInt64LE(BigInt(DRAIN_SECONDS), HEADERS_LENGTH + instructions.length)
  return bytes
}
