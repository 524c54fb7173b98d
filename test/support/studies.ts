/** Studies for tests: files of them, and runs that are made up instead of made. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { EXIT } from '../../src/errors.js'
import { endedManifest, startedManifest } from '../../src/report/manifest.js'
import { loadScenario, resolvedScenario } from '../../src/scenario/load.js'
import { type LoadedStudy, loadStudy } from '../../src/study/load.js'
import type { RunEnd, Runner, RunRequest } from '../../src/study/runner.js'

/** Two factors of two levels on `quick`, two replicates. */
export const SMALL_STUDY = `description: for tests
scenario: quick
set: { scale: 16 }
seed: 3
replicates: 2
factors:
  churn:
    levels:
      low: {}
      high: { 'guests.*.workload.busy.0.rate': 9000/s }
  rate:
    unit: pages/s
    key: scanner.ShareRateMax
    levels: [256, 1024]
responses:
  captured: { path: phases.busy.captureRatio }
  faults: { path: phases.busy.cow.faults, label: CoW faults, unit: faults }
`

/** A directory that is removed at the end of the test file. */
export function studyDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'twinpage-study-')))
  after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function loadText(directory: string, text: string, name = 'small.yaml', seed?: number): LoadedStudy {
  const file = join(directory, name)
  writeFileSync(file, text)
  return loadStudy(file, seed)
}

/** What a made-up run finds; its exit code, if it fails. */
export type Finding = { captured: number | null; faults: number } | number

/** Makes runs up, as far as a study looks at them, and keeps what was asked for. */
export function madeUpRuns(find: (request: RunRequest) => Finding): { runner: Runner; made: RunRequest[] } {
  const made: RunRequest[] = []
  const runner: Runner = async (request) => {
    made.push(request)
    const finding = find(request)
    return typeof finding === 'number'
      ? { exitCode: finding, message: `made up to fail with ${finding}` }
      : leaveResults(request, finding)
  }
  return { runner, made }
}

function leaveResults(
  { scenario, set, seed, directory }: RunRequest,
  finding: Exclude<Finding, number>,
): RunEnd {
  const loaded = loadScenario(scenario, { set, seed })
  const manifest = startedManifest({
    scenario: loaded.name,
    seed,
    options: resolvedScenario(loaded),
    processors: loaded.plan.host.processors,
    startedAt: new Date(0),
  })
  const ended = endedManifest(manifest, {
    state: 'complete',
    messages: [],
    controls: [],
    exitReason: 'made up',
    endedAt: new Date(2000),
  })
  const { captured, faults } = finding
  const summary = {
    state: 'complete',
    phases: ['settle', 'idle', 'busy'].map((name) => ({ name, captureRatio: captured, cow: { faults } })),
    integrity: { pagesVerified: 1, mismatches: 0, leakedFrames: 0, violations: 0, findings: [] },
  }
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(ended))
  writeFileSync(join(directory, 'summary.json'), JSON.stringify(summary))
  return { exitCode: EXIT.ok, message: undefined }
}
