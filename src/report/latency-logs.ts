/** The latencies of CoW faults that the logs of a run hold (latency.ts writes them). */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addLog, Latencies } from '../measure/histograms.js'

/** CoW faults in one phase: the same ones, measured in two ways. */
export interface FaultLatencies {
  phase: string
  service: Latencies
  fromIntended: Latencies
}

export function noLatencies(phase: string): FaultLatencies {
  return { phase, service: new Latencies(), fromIntended: new Latencies() }
}

/**
 * Adds what all guests of a run have recorded in a phase to each entry of that phase.
 *
 * @param run its directory
 */
export function addLatenciesOf(run: string, entries: readonly FaultLatencies[]): void {
  const byTag = new Map<string, Latencies[]>()
  const add = (tag: string, latencies: Latencies) => byTag.set(tag, [...(byTag.get(tag) ?? []), latencies])
  for (const { phase, service, fromIntended } of entries) {
    add(phase, service)
    add(`${phase}.cow.fromIntended`, fromIntended)
  }
  for (const log of logsOf(run)) addLog(log, byTag)
}

function logsOf(run: string): string[] {
  const directory = join(run, 'latency')
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((file) => file.endsWith('.hlog'))
    .map((file) => readFileSync(join(directory, file), 'utf8'))
}
