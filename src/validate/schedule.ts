/** In which order the runs of a validation are made. */
import type { LoadedScenario } from '../scenario/load.js'
import type { ScenarioPair } from './load-pairs.js'

export type Backend = 'lab' | 'kernel'

export interface ScheduledRun {
  pair: ScenarioPair
  /** From 1. */
  replicate: number
  backend: Backend
  /** The scenario with the replicate's seed: the first has the scenario's own, each other the next. */
  loaded: LoadedScenario
}

/**
 * Scenario by scenario, replicate by replicate, both backends. The one that begins changes each time, so that what
 * drifts on this machine, such as its temperature, meets both alike.
 */
export function schedule(pairs: readonly ScenarioPair[], replicates: number): ScheduledRun[] {
  return pairs.flatMap((pair) =>
    Array.from({ length: replicates }, (_, index) => {
      const order: Backend[] = index % 2 === 0 ? ['lab', 'kernel'] : ['kernel', 'lab']
      return order.map((backend) => ({
        pair,
        replicate: index + 1,
        backend,
        loaded: withSeed(pair[backend], pair[backend].plan.seed + index),
      }))
    }).flat(),
  )
}

function withSeed(loaded: LoadedScenario, seed: number): LoadedScenario {
  return { ...loaded, scenario: { ...loaded.scenario, seed }, plan: { ...loaded.plan, seed } }
}
