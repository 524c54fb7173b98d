/**
 * Which processors this process may use: Linux's affinity, set for all its threads by taskset (util-linux), since
 * Node has no call for it. Threads started later inherit it.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { ResourceError } from '../errors.js'

/**
 * Limits the whole process to its first `count` processors.
 * @returns a function that lifts the limit again
 * @throws ResourceError when there are fewer, or the system can't do it
 */
export function limitProcessors(count: number): () => void {
  const available = availableParallelism()
  if (count === available) return () => {}
  if (count > available) {
    throw new ResourceError(
      `host.processors: the run asks for ${count} processors, this machine lets it use ${available}`,
    )
  }
  const allowed = allowedProcessors()
  setAffinity(allowed.slice(0, count))
  return () => setAffinity(allowed)
}

/** Numbers of the processors that this process may use. */
function allowedProcessors(): number[] {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    return parseCpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1]!)
  } catch {
    throw cannotLimit('there is no /proc/self/status')
  }
}

/** The kernel's list format: `0-3,8`. */
export function parseCpuList(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

function setAffinity(processors: number[]): void {
  const { status, error, stderr } = spawnSync(
    'taskset',
    ['--all-tasks', '--cpu-list', '--pid', processors.join(','), String(process.pid)],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw cannotLimit(error?.message ?? stderr.trim())
}

function cannotLimit(why: string): ResourceError {
  return new ResourceError(
    `host.processors: can't limit the run to fewer processors here (${why}); it needs Linux and taskset`,
  )
}
