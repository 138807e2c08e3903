import type { Tx } from '../db/index.ts'
import { AppError } from '../errors/app-error.ts'
import { newId } from '../lib/ids.ts'

const SIZE = 64

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const toAddress = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')

/** Every /26 of the blocks, in order. */
export function* subnetsOf(blocks: readonly string[]): Generator<string> {
  for (const block of blocks) {
    const [address = '', bits = '26'] = block.split('/')
    const size = 2 ** (32 - Number(bits))
    const start = Math.floor(toNumber(address) / size) * size
    for (let offset = 0; offset + SIZE <= size; offset += SIZE) yield `${toAddress(start + offset)}/26`
  }
}

/**
 * The app's subnet on the host: the reserved one, or the first free /26 of `blocks`, reserved by a unique index on (host, subnet).
 * Throws `insufficient_capacity` where none is left.
 */
export async function reserveSubnet(tx: Tx, blocks: readonly string[], hostId: string, appId: string): Promise<string> {
  for (;;) {
    const rows = await tx.$queryRaw<{ cidr: string; appId: string | null }[]>`
      select cidr, app_id as "appId" from subnets where host_id = ${hostId}::uuid`
    const mine = rows.find((row) => row.appId === appId)
    if (mine) return mine.cidr
    const taken = new Set(rows.map((row) => row.cidr))
    const free = subnetsOf(blocks).find((cidr) => !taken.has(cidr))
    if (!free)
      throw new AppError('insufficient_capacity', {
        detail: 'every subnet of MOORAGE_DOCKER_SUBNETS is taken on this host',
      })
    await tx.$executeRaw`
      insert into subnets (id, host_id, cidr, app_id) values (${newId()}::uuid, ${hostId}::uuid, ${free}, ${appId}::uuid) on conflict do nothing`
  }
}

/** The engine refused the app's subnet: nobody gets it on this host again, and the app's next reservation is another. */
export async function refuseSubnet(tx: Tx, hostId: string, appId: string): Promise<void> {
  await tx.subnet.updateMany({ where: { hostId, appId }, data: { appId: null } })
}
