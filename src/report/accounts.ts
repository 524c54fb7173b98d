/** The kernel's account of a run's threads and processors over a phase: what its samples say at the end, less that at the start. */
import type { PhaseHostSummary, PhaseSummary, Sample, ThreadSample } from '../experiment/outcome.js'
import type { ProcessorSeconds } from '../host/host-times.js'
import type { Plan } from '../scenario/plan.js'
import { threadNames } from '../scenario/thread-names.js'

/** @param wallSeconds from the one sample to the other */
export function summarizeAccounts(
  start: Sample,
  end: Sample,
  wallSeconds: number,
  plan: Plan,
): Pick<PhaseSummary, 'threads' | 'host'> {
  const threads = threadNames(plan).flatMap((name, worker) => {
    const [before, after] = [start.threads?.[worker], end.threads?.[worker]]
    return before === undefined || after === undefined ? [] : [[name, threadOver(before, after, wallSeconds)]]
  })
  return {
    ...(threads.length > 0 && { threads: Object.fromEntries(threads) }),
    ...(start.host && end.host && { host: hostOver(start.host, end.host) }),
  }
}

function threadOver(start: ThreadSample, end: ThreadSample, wallSeconds: number): ThreadSample {
  const over = (field: keyof ThreadSample) => end[field] - start[field]
  const cpuSeconds = over('cpuSeconds')
  const waitingSeconds = over('waitingSeconds')
  return {
    cpuSeconds,
    waitingSeconds,
    // A wait that began before the phase counts where it ends: then nothing is left.
    asleepSeconds: Math.max(0, wallSeconds - cpuSeconds - waitingSeconds),
    slices: over('slices'),
    voluntarySwitches: over('voluntarySwitches'),
    involuntarySwitches: over('involuntarySwitches'),
  }
}

type HostSample = NonNullable<Sample['host']>

function hostOver(start: HostSample, end: HostSample): PhaseHostSummary {
  const { processors } = end
  return { processors, ...usage(start.run, end.run), whole: usage(start.whole, end.whole) }
}

function usage(start: ProcessorSeconds, end: ProcessorSeconds): PhaseHostSummary['whole'] {
  const busy = end.busy - start.busy
  const stolen = end.stolen - start.stolen
  const all = busy + stolen + end.idle - start.idle
  return all > 0 ? { utilisation: busy / all, stolen: stolen / all } : { utilisation: null, stolen: null }
}
