/** Which runs are replicates of each other: those with the same options but for the seed, on the same machine. */
import { withoutClock } from '../study/run-files.js'
import { type Difference, differences } from './differences.js'
import type { ComparedRun, RunManifest } from './runs.js'

export interface Group {
  /** A, the baseline, then B and so on. */
  name: string
  /** By their seeds, from the lowest. */
  runs: ComparedRun[]
}

/** In the order in which they are first named. */
export function groupRuns(runs: readonly ComparedRun[]): Group[] {
  const groups = new Map<string, ComparedRun[]>()
  for (const run of runs) {
    const key = JSON.stringify([comparedOptions(run.manifest), machineOf(run.manifest)])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [run])
    else group.push(run)
  }
  return [...groups.values()].map((members, index) => ({
    name: letters(index),
    runs: members.sort((one, other) => one.manifest.seed - other.manifest.seed),
  }))
}

export function seedsOf({ runs }: Group): number[] {
  return runs.map(({ manifest }) => manifest.seed)
}

export function phasesOf({ runs }: Group): Set<string> {
  return new Set(runs.flatMap(({ summary }) => summary.phases.map(({ name }) => name)))
}

/**
 * Whether both have the same seeds, each once; runs are then pairs in their order. With the same seed guests make the same
 * choices, so what differs within a pair is not the seed's doing.
 */
export function arePaired(baseline: Group, group: Group): boolean {
  const [seeds, others] = [seedsOf(baseline), seedsOf(group)]
  return (
    seeds.length === others.length &&
    seeds.every((seed, run) => seed === others[run] && seed !== seeds[run + 1])
  )
}

export function optionDifferences(baseline: Group, group: Group): Difference[] {
  return differences(comparedOptions(baseline.runs[0]!.manifest), comparedOptions(group.runs[0]!.manifest))
}

export function machineDifferences(baseline: Group, group: Group): Difference[] {
  return differences(machineOf(baseline.runs[0]!.manifest), machineOf(group.runs[0]!.manifest))
}

/** All but the seed, words, and the processors' clock. */
function comparedOptions({ options }: RunManifest): object {
  const { seed: _seed, description: _description, ...others } = options
  return withoutClock(others)
}

function machineOf({ machine, versions, processors, twinpage }: RunManifest): object {
  return {
    processorModel: machine.cpuModel,
    processors: machine.processors,
    processorsAllowed: processors,
    // A kernel keeps a few MiB for itself, more or less from one start to the next.
    memoryGiB: Number((machine.memoryBytes / 2 ** 30).toFixed(1)),
    platform: machine.platform,
    kernel: machine.kernel,
    node: versions.node,
    twinpage,
  }
}

/** A to Z, then AA and so on. */
function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26))
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last
}
