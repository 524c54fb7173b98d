/** The threads of another process as the kernel shows them to anybody: the outside observer of a run. */
import { readdirSync, readFileSync } from 'node:fs'

/** sched.h */
export const POLICY = { SCHED_OTHER: 0, SCHED_BATCH: 3, SCHED_IDLE: 5 }

export interface SystemThread {
  id: number
  nice: number
  policy: number
  /** The kernel's list, such as `0-1`. */
  processors: string
  cpuNs: number
  waitingNs: number
}

/** Those of the process that have not ended meanwhile. */
export function threadsOf(pid: number): SystemThread[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((id) => {
    try {
      return [readThread(`/proc/${pid}/task/${id}`, Number(id))]
    } catch {
      return []
    }
  })
}

function readThread(directory: string, id: number): SystemThread {
  const read = (file: string) => readFileSync(`${directory}/${file}`, 'utf8')
  // Fields from the third on: the second, in brackets, may have spaces.
  const stat = read('stat')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number)
  const [cpuNs, waitingNs] = read('schedstat').split(' ').map(Number)
  const processors = /^Cpus_allowed_list:\s*(\S+)$/m.exec(read('status'))![1]!
  return { id, nice: stat[19 - 3]!, policy: stat[41 - 3]!, processors, cpuNs: cpuNs!, waitingNs: waitingNs! }
}
