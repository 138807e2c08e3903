import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** The process that holds this one's lock: the kernel ends it with us. */
let holder: ChildProcess | null = null

/** Who wants it alone keeps new ones from coming in, and waits for those that are there. */
const TAKE = `
exec 8>"$1.door" 9>"$1"
flock 8
flock "$2" 9
exec 8>&-
echo taken
exec sleep infinity`

/** Takes a lock until this process ends, alone or beside others that don't want it alone; gives back what it has of it before. */
export async function takeLock(path: string, { alone }: { readonly alone: boolean }): Promise<void> {
  if (holder) {
    // Waited for, it keeps this process from ending.
    holder.ref()
    holder.kill('SIGKILL')
    if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit')
  }
  const args = ['--pdeathsig', 'KILL', 'sh', '-ec', TAKE, 'lock', path, alone ? '--exclusive' : '--shared']
  const child = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  holder = child
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error(`the lock ${path} could not be taken`)
    }),
  ])
  child.stdout.destroy()
  child.unref()
}
