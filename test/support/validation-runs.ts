/** Made-up runs on both backends, and what makes them instead of the lab and the kernel. */
import { EXIT } from '../../src/errors.js'
import type { Sample, Summary } from '../../src/experiment/outcome.js'
import type { Backends } from '../../src/run-validation.js'
import type { LoadedScenario } from '../../src/scenario/load.js'
import { COUNTERS, type Counter, type Point, type Run } from '../../src/validate/points.js'
import { sampleRun } from './sample-run.js'

/** A sample with these counters, and all others 0. */
export function point(timeSeconds: number, phase: string, counters: Partial<Record<Counter, number>>): Point {
  const zeros = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>
  return { timeSeconds, phase, counters: { ...zeros, ...counters } }
}

/** One counter, a sample each second from 0. */
export function runOf(counter: Counter, values: readonly number[], phase = 'all'): Run {
  return values.map((value, second) => point(second, phase, { [counter]: value }))
}

/** How a made-up run ends, and what its guests hold then. */
export interface MadeUpEnd {
  exitCode?: number
  messages?: string[]
  contents?: string
}

/** Backends that have each run made up: its last pages_sharing, and how it ends. */
export function madeUpBackends(
  pagesSharing: (loaded: LoadedScenario) => number,
  end: (loaded: LoadedScenario) => MadeUpEnd = () => ({}),
): Backends {
  const record: Backends['record'] = async (loaded, { onSample, out }) => {
    const { phases } = loaded.plan
    let timeSeconds = 0
    onSample?.(sampleOf(0, phases[0]!.name, 0))
    for (const [index, { name }] of phases.entries()) {
      timeSeconds += 1
      onSample?.(sampleOf(timeSeconds, name, ((index + 1) / phases.length) * pagesSharing(loaded)))
    }
    const { exitCode = EXIT.ok, messages = [], contents = 'same' } = end(loaded)
    const integrity = { pagesVerified: 1, mismatches: 0, leakedFrames: 0, violations: 0, findings: [] }
    const guests = [{ name: 'guest', memoryMiB: 1, contentDigest: contents }]
    const summary = { messages, integrity, guests } as Partial<Summary> as Summary
    return { summary, directory: out!, failure: undefined, exitCode }
  }
  return { requireKernel: () => {}, record }
}

function sampleOf(timeSeconds: number, phase: string, pages_sharing: number): Sample {
  const [sample] = sampleRun(['guest']).samples
  const ksm = { ...point(0, '', {}).counters, pages_sharing, pages_scanned: 0, pages_skipped: 0 }
  return {
    ...sample!,
    timeSeconds,
    phase,
    cowFaults: 10 * timeSeconds,
    ksm: { ...ksm, general_profit: 0, pages_to_scan: 100, cow_ksm: undefined },
  }
}
