/**
 * What a scenario may ask of the threads of its run, as keys that must fit together: each thread's processors among those of
 * the run, and nothing of threads where there are none.
 */
import type { SchedulingClass } from '../host/scheduling.js'
import type { KeyPath } from './yaml-source.js'

/** As much of a scenario as that depends on. */
interface Threads {
  engine: 'threads' | 'stepped'
  host: { processors?: number | number[] | undefined }
  guests?: { processors?: number[] | undefined }[] | undefined
  scanner: { processors?: number[] | undefined; nice?: number | undefined; class: SchedulingClass }
}

const NO_THREADS = 'engine stepped has no threads of the system: leave it out, or expected engine threads'

export function checkThreads(
  { engine, host, guests = [], scanner }: Threads,
  complain: (path: KeyPath, message: string) => void,
): void {
  const refused = engine === 'stepped' ? NO_THREADS : undefined
  if (refused !== undefined && Array.isArray(host.processors))
    complain(['host', 'processors'], 'engine stepped counts its processors: expected a number, not a list')
  for (const [index, { processors }] of guests.entries())
    checkProcessors(processors, host.processors, refused, (path, message) =>
      complain(['guests', index, 'processors', ...path], message),
    )
  checkProcessors(scanner.processors, host.processors, refused, (path, message) =>
    complain(['scanner', 'processors', ...path], message),
  )
  if (refused === undefined) return
  if ((scanner.nice ?? 0) !== 0) complain(['scanner', 'nice'], refused)
  if (scanner.class !== 'SCHED_OTHER') complain(['scanner', 'class'], refused)
}

/** Of a run that names no processors it is not known yet which it has. */
function checkProcessors(
  processors: readonly number[] | undefined,
  ofRun: number | number[] | undefined,
  refused: string | undefined,
  complain: (path: KeyPath, message: string) => void,
): void {
  if (processors !== undefined && refused !== undefined) complain([], refused)
  if (processors === undefined || refused !== undefined || !Array.isArray(ofRun)) return
  const other = processors.findIndex((processor) => !ofRun.includes(processor))
  if (other < 0) return
  complain(
    [other],
    `processor ${processors[other]} is none of those of the run: expected some of host.processors, ${ofRun.join(', ')}`,
  )
}
