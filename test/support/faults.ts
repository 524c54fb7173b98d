/** Runs of the real program in which one thread goes wrong at a certain point (test/mutants/faults.ts). */
import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '../../src/report/manifest.js'
import type { Fault } from '../mutants/faults.js'
import {
  type Ended,
  type Running,
  readManifest,
  readSummary,
  readTimeSeries,
  setting,
  startTwinpage,
} from './cli.js'

const GUESTS = 3
/** No power of two, so that the mutant can tell the PTEs from the buckets. */
export const PAGES_PER_GUEST = 300
/** Of all guests. */
export const ALL_PAGES = GUESTS * PAGES_PER_GUEST
/** Index of the phase in which guests change their pages. */
export const BUSY = 1
const FRAMES_PER_MIB = 256
/** Frames that a run has beside those of its guests at most (src/experiment/lab.ts), with one scanner and the reclaimer. */
const FRAMES_IN_FLIGHT = 16 * (GUESTS + 2)
/** From a fault to the end of the program: what docs/faults.md promises. */
export const END_LIMIT_MS = 60_000

/** Guests that boot, change pages of all kinds, and idle until a scanner has passed over them; the host has room for all. */
const SCENARIO = `host: { memory: 4MiB, stallLimit: 60s }
guests:
  - name: vm
    count: ${GUESTS}
    memory: ${PAGES_PER_GUEST * 4}KiB
    image:
      - { class: common, size: 40% }
      - { class: duplicated, size: 10%, copies: 4 }
      - { class: zero, size: 20% }
      - { class: private, size: rest }
    workload:
      boot: [{ do: boot }]
      busy:
        - { do: update, where: all, rate: 5000/s }
        - { do: zero, where: 50%, rate: 200/s }
        - { do: reload, where: common, rate: 200/s }
scanner: { ShareForceSalting: 0, unthrottled: true }
phases:
  - { name: boot, until: settled, limit: 30s }
  - { name: busy, duration: 500ms }
  - { name: idle, until: { passes: 1 }, limit: 30s }
sampling: { interval: 50ms }
`

/** Makes \`faults.yaml\` in a directory. */
export function writeScenario(cwd: string): void {
  writeFileSync(join(cwd, 'faults.yaml'), SCENARIO)
}

export interface FaultyRun extends Omit<Fault, 'claim' | 'pages' | 'frames'> {
  /** Of the host, in MiB, if the scenario is not to have its own. */
  hostMiB?: number
  /** Further settings. */
  settings?: Record<string, string | number>
}

/** @param out directory of its results, unused so far; a claim is made beside it */
export function startFaulty(
  cwd: string,
  out: string,
  { hostMiB = 4, settings, ...fault }: FaultyRun,
): Running {
  const frames = Math.min(hostMiB * FRAMES_PER_MIB, ALL_PAGES + FRAMES_IN_FLIGHT)
  const whole: Fault = { ...fault, pages: ALL_PAGES, frames, claim: claimOf(cwd, out) }
  const args = setting({ 'host.memory': `${hostMiB}MiB`, ...settings })
  return startTwinpage(['run', 'faults.yaml', '--quiet', '--out', out, ...args], {
    cwd,
    nodeOptions: ['--conditions=twinpage-fault'],
    env: { TWINPAGE_FAULT: JSON.stringify(whole) },
  })
}

export function claimOf(cwd: string, out: string): string {
  return join(cwd, `${out}.claim`)
}

export interface FaultyEnd extends Ended {
  lines: string[]
  directory: string
}

/** Runs to the end, which must come within the limit after the fault, in lines for people. */
export async function runFaulty(cwd: string, out: string, run: FaultyRun): Promise<FaultyEnd> {
  const ended = await startFaulty(cwd, out, run).ended
  const tookMs = Date.now() - statSync(claimOf(cwd, out)).mtimeMs
  assert(tookMs < END_LIMIT_MS, `ended ${Math.round(tookMs)} ms after the fault`)
  return { ...ended, lines: linesForPeople(ended).filter(isOfFault), directory: join(cwd, out) }
}

/** On a busy machine a run may say this as well. */
function isOfFault(line: string): boolean {
  return !line.endsWith('not every guest had caught up at its end')
}

/** No stack trace, nothing that node prints by itself. */
export function linesForPeople({ stderr }: Ended): string[] {
  const lines = stderr === '' ? [] : stderr.trimEnd().split('\n')
  for (const line of lines) assert.match(line, /^twinpage: /, stderr)
  return lines
}

/** The manifest, which must be that of a run that ended, and agree with the summary. */
export function readEnd(directory: string): Manifest {
  const manifest = readManifest(directory)
  assert(Date.parse(manifest.startedAt) <= Date.parse(manifest.endedAt!))
  const summary = readSummary(directory)
  assert.equal(summary.state, manifest.state)
  assert.deepEqual(summary.messages, manifest.messages)
  readTimeSeries(directory)
  return manifest
}

/** Figures of the final check, without its findings. */
export function integrityOf(directory: string) {
  const { pagesVerified, mismatches, leakedFrames, violations } = readSummary(directory).integrity
  return { pagesVerified, mismatches, leakedFrames, violations }
}

export function clean(pagesVerified: number) {
  return { pagesVerified, mismatches: 0, leakedFrames: 0, violations: 0 }
}

/** Makes sure that the run failed with exit code 1 because of `why`, and says so in all places. */
export function assertFailed({ code, lines, directory }: FaultyEnd, why: RegExp): void {
  assert.equal(code, 1, lines.join('\n'))
  const { state, exitReason } = readEnd(directory)
  assert.equal(state, 'failed')
  assert.match(exitReason!, why)
  assert.match(lines[0]!, /^twinpage: the run failed: .*; its results so far are in \S+$/)
  assert(lines[0]!.includes(exitReason!), lines[0])
}
