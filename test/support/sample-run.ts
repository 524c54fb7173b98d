/** A made-up run in the shape of the case study: guests idle and share, then a benchmark breaks the sharing. */
import type { GuestSample, PhaseRecord, Sample } from '../../src/experiment/outcome.js'
import { LATENCY_BUCKETS, latencyBucketOf } from '../../src/measure/latency-buckets.js'
import type { GuestPlan, Plan } from '../../src/scenario/plan.js'

export const PAGES_PER_GUEST = 16_384

const PHASES = [
  { name: 'warmup', endSeconds: 600 },
  { name: 'idle', endSeconds: 2400 },
  { name: 'benchmark', endSeconds: 7200 },
]
const SAMPLE_SECONDS = 60

export interface SampleRun {
  plan: Plan
  samples: Sample[]
  phases: PhaseRecord[]
}

export function sampleRun(guests: readonly string[], scale = { memory: 128, time: 128 }): SampleRun {
  const count = PHASES.at(-1)!.endSeconds / SAMPLE_SECONDS
  const samples = Array.from({ length: count + 1 }, (_, index) => sampleAt(index * SAMPLE_SECONDS, guests))
  const at = (seconds: number) => samples[seconds / SAMPLE_SECONDS]!
  const phases = PHASES.map(({ name, endSeconds }, index) => ({
    name,
    measured: index > 0,
    start: at(PHASES[index - 1]?.endSeconds ?? 0),
    end: at(endSeconds),
  }))
  return { plan: planOf(guests, scale), samples, phases }
}

/** The share of a guest's memory that is shared: rises while idle, dwindles under the benchmark. */
function sharedFraction(seconds: number, guest: number): number {
  const idle = 0.9 * (1 - Math.exp(-seconds / 500))
  const busySeconds = Math.max(0, seconds - 2400 - guest * 120)
  return idle * (0.05 + 0.95 * Math.exp(-busySeconds / 900))
}

function sampleAt(seconds: number, names: readonly string[]): Sample {
  const guests = names.map((_, guest) => guestAt(seconds, sharedFraction(seconds, guest)))
  const sharedPages = guests.reduce((pages, guest) => pages + guest.sharedPages!, 0)
  const presentPages = names.length * PAGES_PER_GUEST
  const savedPages = Math.round(sharedPages * 0.74)
  const benchmarkSeconds = Math.max(0, seconds - 2400)
  return {
    timeSeconds: seconds,
    phase: PHASES.find(({ endSeconds }) => seconds < endSeconds)?.name ?? 'benchmark',
    snapshot: undefined,
    presentPages,
    sharedPages,
    sharedCommonPages: sharedPages - savedPages,
    savedPages,
    zeroPages: Math.round(sharedPages * 0.1),
    swappedPages: 0,
    opportunityPages: Math.round(presentPages * (0.72 - 0.25 * (1 - Math.exp(-benchmarkSeconds / 3000)))),
    footprintPages: presentPages - savedPages,
    brokenPages: 100,
    notShared: { secondLook: 1, rateLimited: 20, starved: 300, ineligible: 0, salted: 0 },
    scan: {
      pagesScanned: seconds * 10,
      pagesHashed: seconds * 10,
      pagesCompared: seconds * 2,
      merges: seconds,
      staleHints: 3,
      falseMatches: 0,
      lockFailures: 1,
      passes: Math.floor(seconds / 3600),
      pagesAsked: seconds * 12.5,
      cpuSeconds: seconds / 1280,
      waitingSeconds: seconds / 12_800,
    },
    cowFaults: guests.reduce((faults, guest) => faults + guest.cowFaults, 0),
    cowLatencies: latenciesOf(guests.reduce((faults, guest) => faults + guest.cowFaults, 0)),
    swapOuts: 0,
    swapIns: 0,
    reclaimMerges: 0,
    stores: guests.reduce((stores, guest) => stores + guest.stores, 0),
    ksm: undefined,
    guests,
  }
}

/** Half of them of 2 µs, half of 20 µs. */
function latenciesOf(faults: number): number[] {
  const counts = new Array<number>(LATENCY_BUCKETS).fill(0)
  for (const ns of [2000, 20_000]) counts[latencyBucketOf(ns)] = faults / 2
  return counts
}

function guestAt(seconds: number, fraction: number): GuestSample {
  return {
    presentPages: PAGES_PER_GUEST,
    sharedPages: Math.round(PAGES_PER_GUEST * fraction),
    savedPages: PAGES_PER_GUEST * fraction * 0.74,
    zeroPages: 100,
    cowHintPages: 50,
    swappedPages: 0,
    stores: seconds * 400,
    loads: seconds * 30,
    firstTouches: 10,
    cowFaults: seconds * 2,
    stalls: 0,
    lockWaits: 4,
    swapIns: 0,
    ksm: undefined,
    missed: 0,
  }
}

function planOf(guests: readonly string[], scale: Plan['scale']): Plan {
  return {
    scenario: 'case-study',
    description: '',
    seed: 42,
    engine: 'threads',
    backend: 'lab',
    scale,
    host: {
      frames: guests.length * PAGES_PER_GUEST,
      processors: 2,
      processorNumbers: undefined,
      onRefusal: 'fail',
      GHz: 3,
      swap: { enabled: false, startFreePercent: 4, stopFreePercent: 6 },
      stallLimitSeconds: 10,
    },
    guests: guests.map(guestPlan),
    scanner: { policy: 'tps', count: 1, order: 'random', ShareForceSalting: 0, onDeath: 'fail', rates: [] },
    scannerThreads: { nice: undefined, class: 'SCHED_OTHER', processors: undefined },
    phases: [],
    sampleSeconds: SAMPLE_SECONDS / scale.time,
    contents: 1,
    trace: undefined,
  }
}

function guestPlan(name: string): GuestPlan {
  return {
    name,
    pages: PAGES_PER_GUEST,
    salt: undefined,
    share: true,
    image: [],
    activities: [],
    demand: [],
    processors: undefined,
    traceGuest: undefined,
  }
}
