/** Which runs are replicates of each other: those with the same options but for the seed, on the same machine. */
import { show } from '../scenario/problems.js'
import type { ComparedRun, RunManifest } from './runs.js'

export interface Group {
  /** A, the baseline, then B and so on. */
  name: string
  runs: ComparedRun[]
}

/** What differs from the baseline; values as in the files, null: there is no such key. */
export interface Difference {
  key: string
  baseline: unknown
  value: unknown
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
  return [...groups.values()].map((members, index) => ({ name: letters(index), runs: members }))
}

export function optionDifferences(baseline: Group, group: Group): Difference[] {
  return differences(
    comparedOptions(baseline.runs[0]!.manifest),
    comparedOptions(group.runs[0]!.manifest),
    [],
  )
}

export function machineDifferences(baseline: Group, group: Group): Difference[] {
  return differences(machineOf(baseline.runs[0]!.manifest), machineOf(group.runs[0]!.manifest), [])
}

/** `"60min", not "10min"`: the value, and the baseline's. */
export function showDifference({ value, baseline }: Difference): string {
  return `${show(value)}, not ${show(baseline)}`
}

/** All but the seed, words, and what a system tells of its processors' clock, which changes from moment to moment. */
function comparedOptions({ options }: RunManifest): object {
  const { seed: _seed, description: _description, ...others } = options
  if (typeof others.host !== 'object' || others.host === null) return others
  const { GHz: _GHz, ...host } = others.host as Record<string, unknown>
  return { ...others, host }
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

function differences(was: unknown, is: unknown, path: readonly string[]): Difference[] {
  if (!isContainer(was) || !isContainer(is)) {
    return Object.is(was, is) ? [] : [{ key: path.join('.'), baseline: was ?? null, value: is ?? null }]
  }
  const keys = new Set([...Object.keys(was), ...Object.keys(is)])
  return [...keys].flatMap((key) => differences(own(was, key), own(is, key), [...path, key]))
}

type Container = Record<string, unknown>

function own(container: Container, key: string): unknown {
  return Object.hasOwn(container, key) ? container[key] : undefined
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

/** A to Z, then AA and so on. */
function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26))
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last
}
