/** Small runs on real threads, for tests of how those are scheduled and accounted for. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PhaseSummary, Summary } from '../../src/experiment/outcome.js'
import { allowedProcessors } from '../../src/host/affinity.js'
import { threadId, threadTimes } from '../../src/host/threads.js'
import { type ProgramOptions, type Running, readSummary, setting, startTwinpage } from './cli.js'

/** Two guests that do little, beside what is demanded of them. */
const TWO_GUESTS = `host: { memory: 64MiB }
guests:
  - name: one
    memory: 8MiB
    image: &image [{ class: common, size: 50% }, { class: private, size: rest }]
    workload: &workload
      settle: [{ do: boot }]
      steady: [{ do: update, where: all, rate: 200/s }]
  - { name: two, memory: 8MiB, image: *image, workload: *workload }
scanner: { ShareForceSalting: 0 }
phases:
  - { name: settle, until: settled, limit: 60s, scanner: { unthrottled: true } }
  - { name: steady, duration: 2s }
sampling: { interval: 100ms }
`

export type Settings = Record<string, string | number>

const processors = allowedProcessors() ?? []
/** The first two that this process may use; undefined: there are not so many. */
export const [first, second] = processors

/** Why tests are to be skipped, or false. */
export const unaccounted = threadTimes(threadId()) === undefined && 'this system keeps no account of threads'
export const notTwo = unaccounted || (second === undefined && 'there is one processor')

/** Makes `two.yaml` in a directory. */
export function writeTwoGuests(cwd: string): void {
  writeFileSync(join(cwd, 'two.yaml'), TWO_GUESTS)
}

export function startRun(file: string, out: string, settings: Settings, options: ProgramOptions): Running {
  return startTwinpage(['run', file, '--quiet', '--out', out, ...setting(settings)], options)
}

/** Runs to the end; on a busy machine guests may not have caught up at the end of a phase. */
export async function runToEnd(
  file: string,
  out: string,
  settings: Settings,
  options: ProgramOptions,
): Promise<Summary> {
  const { code, stderr } = await startRun(file, out, settings, options).ended
  assert.equal(stderr.replace(/^.*not every guest had caught up at its end\n/gm, ''), '')
  assert.equal(code, 0)
  return readSummary(join(options.cwd, out))
}

/** What holds of a sound run unless other programs had the processors: at least one time in three. */
export async function oneInThree(what: (attempt: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await what(attempt)
    } catch (error) {
      if (attempt === 3) throw error
    }
  }
}

export function wallSeconds({ startSeconds, endSeconds }: PhaseSummary, scaleTime = 1): number {
  return (endSeconds - startSeconds) / scaleTime
}
