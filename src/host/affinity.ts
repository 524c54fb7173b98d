/**
 * Which processors this process may use: Linux's affinity, set for all its threads by taskset (util-linux), since
 * Node has no call for it. Threads started later inherit it.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { messageOf, ResourceError } from '../errors.js'
import { runCommand } from './run-command.js'

/**
 * Limits the whole process to some processors.
 * @param wanted their numbers, or how many of the first of those that it may use
 * @returns a function that lifts the limit again
 * @throws ResourceError when it may not use them, or the system can't do it
 */
export function limitProcessors(wanted: number | readonly number[]): () => void {
  if (typeof wanted === 'number') {
    const available = availableParallelism()
    if (wanted === available) return () => {}
    if (wanted > available) {
      throw new ResourceError(
        `host.processors: the run asks for ${wanted} processors, this machine lets it use ${available}`,
      )
    }
  }
  const allowed = allowedProcessors()
  if (allowed === undefined) throw cannotLimit('there is no /proc/self/status')
  const processors = typeof wanted === 'number' ? allowed.slice(0, wanted) : wanted
  requireAmong(processors, allowed, 'host.processors', 'this process may use')
  if (processors.length === allowed.length) return () => {}
  setAffinity(processors)
  return () => setAffinity(allowed)
}

/** @throws ResourceError when one of the processors is none of those */
export function requireAmong(
  processors: readonly number[],
  those: readonly number[],
  key: string,
  whose: string,
): void {
  const other = processors.find((processor) => !those.includes(processor))
  if (other === undefined) return
  throw new ResourceError(`${key}: processor ${other} is none of those that ${whose}: ${those.join(', ')}`)
}

/** Numbers of the processors that this process may use; undefined where the system doesn't tell. */
export function allowedProcessors(): number[] | undefined {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    return parseCpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1]!)
  } catch {
    return undefined
  }
}

/** The kernel's list format: `0-3,8`. */
export function parseCpuList(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

function setAffinity(processors: readonly number[]): void {
  try {
    runCommand('taskset', '--all-tasks', '--cpu-list', '--pid', processors.join(','), process.pid)
  } catch (error) {
    throw cannotLimit(messageOf(error))
  }
}

function cannotLimit(why: string): ResourceError {
  return new ResourceError(
    `host.processors: can't limit the run to these processors here (${why}); it needs Linux and taskset`,
  )
}
