/** Threads and processors, by the kernel's account. */
import type { Entry } from './entry.js'

const THREADS = 'src/host/threads.ts'
const PROCESSORS = 'src/host/host-times.ts'

/** In both files a thread's figures count from the start of the run. */
function ofThread(name: string): Pick<Entry, 'columns' | 'fields'> {
  return { columns: [`${name}.<thread>`], fields: [`phases[].threads.<thread>.${name}`] }
}

export const THREAD_COUNTERS: readonly Entry[] = [
  {
    kind: 'counter',
    name: 'cpuSeconds',
    aliases: ['time on processor'],
    meaning:
      'time of a thread (a guest, a scanner, the reclaimer) on a processor. Of one that runs it is behind by up to a tick, and exact once it has slept',
    unit: 'wall seconds',
    ...ofThread('cpuSeconds'),
    kernel: ['schedstat, field 1 (/proc/self/task/TID)'],
    vmware: ['%RUN (esxtop, of a world)'],
    definedBy: THREADS,
  },
  {
    kind: 'counter',
    name: 'waitingSeconds',
    aliases: ['run delay'],
    meaning: 'time of a thread runnable, but waiting for a processor. The kernel adds a wait when it ends',
    unit: 'wall seconds',
    ...ofThread('waitingSeconds'),
    kernel: ['schedstat, field 2 (/proc/self/task/TID)'],
    vmware: ['%RDY (esxtop, of a world)'],
    definedBy: THREADS,
  },
  {
    kind: 'counter',
    name: 'asleepSeconds',
    meaning: "what is left of a thread's wall time; a wait that is on counts as sleep until it is over",
    unit: 'wall seconds',
    ...ofThread('asleepSeconds'),
    definedBy: THREADS,
  },
  {
    kind: 'counter',
    name: 'slices',
    meaning: 'how often a thread was given a processor',
    unit: 'count',
    ...ofThread('slices'),
    kernel: ['schedstat, field 3 (/proc/self/task/TID)'],
    definedBy: THREADS,
  },
  {
    kind: 'counter',
    name: 'voluntarySwitches',
    meaning: 'how often a thread gave its processor up, because it had nothing to do or waited for something',
    unit: 'count',
    ...ofThread('voluntarySwitches'),
    kernel: ['voluntary_ctxt_switches (/proc/self/task/TID/status)'],
    definedBy: THREADS,
  },
  {
    kind: 'counter',
    name: 'involuntarySwitches',
    meaning: 'how often the processor was taken from a thread',
    unit: 'count',
    ...ofThread('involuntarySwitches'),
    kernel: ['nonvoluntary_ctxt_switches (/proc/self/task/TID/status)'],
    definedBy: THREADS,
  },
  {
    kind: 'counter',
    name: 'busy',
    aliases: ['utilisation', 'utilization'],
    meaning:
      'of the processors that the run may use, the time in which they were busy, whoever with (user, nice, system, irq, softirq); utilisation is the part of a phase. `host` and `whole`: of all processors of the machine',
    unit: 'wall seconds, added up; utilisation 0 to 1',
    columns: ['runBusySeconds', 'hostBusySeconds'],
    fields: ['phases[].host.utilisation', 'phases[].host.whole.utilisation'],
    kernel: ['cpuN (/proc/stat)'],
    vmware: ['PCPU UTIL(%) (esxtop)'],
    definedBy: PROCESSORS,
  },
  {
    kind: 'counter',
    name: 'idle',
    meaning:
      'of these processors, the time in which they were idle, waiting for a disk included (idle, iowait)',
    unit: 'wall seconds, added up',
    columns: ['runIdleSeconds', 'hostIdleSeconds'],
    kernel: ['idle + iowait (/proc/stat)'],
    definedBy: PROCESSORS,
  },
  {
    kind: 'counter',
    name: 'stolen',
    meaning: 'of these processors, the time that the hypervisor below gave to others: neither busy nor idle',
    unit: 'wall seconds, added up; in summary.json 0 to 1',
    columns: ['runStolenSeconds', 'hostStolenSeconds'],
    fields: ['phases[].host.stolen', 'phases[].host.whole.stolen'],
    kernel: ['steal (/proc/stat)'],
    definedBy: PROCESSORS,
  },
  {
    kind: 'counter',
    name: 'processors of the run',
    meaning: 'numbers of the processors that the run may use',
    unit: 'numbers',
    fields: ['phases[].host.processors[]'],
    definedBy: PROCESSORS,
  },
]
