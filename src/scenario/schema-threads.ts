/**
 * What a scenario may ask of the threads of its run, as keys that must fit together: each thread's processors among those of
 * the run, and nothing of threads where there are none, or where they are the kernel's.
 */
import type { SchedulingClass } from '../host/scheduling.js'
import type { KeyPath } from './yaml-source.js'

/** As much of a scenario as that depends on. */
interface Threads {
  engine: 'threads' | 'stepped'
  backend: 'lab' | 'linux-ksm'
  host: { processors?: number | number[] | undefined }
  guests?: { processors?: number[] | undefined }[] | undefined
  scanner: { processors?: number[] | undefined; nice: number; class: SchedulingClass }
}

const NO_THREADS = 'engine stepped has no threads of the system: leave it out, or expected engine threads'
const KSMD = "ksmd is the kernel's own: leave it out, or expected backend lab"

export function checkThreads(
  { engine, backend, host, guests = [], scanner }: Threads,
  complain: (path: KeyPath, message: string) => void,
): void {
  const refused = engine === 'stepped' ? NO_THREADS : undefined
  const ofScanner = refused ?? (backend === 'linux-ksm' ? KSMD : undefined)
  if (refused !== undefined && Array.isArray(host.processors))
    complain(['host', 'processors'], 'engine stepped counts its processors: expected a number, not a list')
  for (const [index, { processors }] of guests.entries())
    checkProcessors(processors, host.processors, refused, (path, message) =>
      complain(['guests', index, 'processors', ...path], message),
    )
  checkProcessors(scanner.processors, host.processors, ofScanner, (path, message) =>
    complain(['scanner', 'processors', ...path], message),
  )
  if (ofScanner === undefined) return
  if (scanner.nice !== 0) complain(['scanner', 'nice'], ofScanner)
  if (scanner.class !== 'SCHED_OTHER') complain(['scanner', 'class'], ofScanner)
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
