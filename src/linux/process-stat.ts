/** Which processes there are, and what /proc/PID/stat says of one (proc_pid_stat(5)). */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import { readIfThere } from './read-if-there.js'

/** linux/sched.h */
const PF_KTHREAD = 0x0020_0000

export interface ProcessStat {
  comm: string
  isKernelThread: boolean
  /** It has ended, and only waits for its parent to ask how. */
  isZombie: boolean
  nice: number
  /** Its scheduling class, as linux/sched.h numbers it. */
  policy: number
  /** Clock ticks since boot: with the number it names a process for ever, since numbers are used again. */
  startTicks: number
}

export function processIds({ proc }: Pick<KsmPaths, 'proc'> = KSM_PATHS): number[] {
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** Undefined when there is no such process. */
export function readProcessStat(
  pid: number,
  { proc }: Pick<KsmPaths, 'proc'> = KSM_PATHS,
): ProcessStat | undefined {
  const text = readIfThere(join(proc, String(pid), 'stat'))
  // The name, field 2, stands in brackets, and may hold brackets and spaces itself.
  const parts = text === undefined ? null : /^\d+ \((.*)\) (.*)$/s.exec(text.trim())
  if (parts === null) return undefined
  const [, comm = '', rest = ''] = parts
  const fields = rest.split(' ')
  const field = (number: number) => fields[number - 3]!
  return {
    comm,
    isKernelThread: (Number(field(9)) & PF_KTHREAD) !== 0,
    isZombie: field(3) === 'Z',
    nice: Number(field(19)),
    policy: Number(field(41)),
    startTicks: Number(field(22)),
  }
}
