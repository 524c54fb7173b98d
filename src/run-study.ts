/**
 * Runs a study: what is missing of its runs, one after the other, each in a process and a results directory of its own,
 * and then the analysis of all that are complete. Started again it goes on where it was stopped.
 */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { drawPercentiles } from './charts/percentiles.js'
import { LIGHT } from './charts/theme.js'
import { EXIT, isSystemError, messageOf, ResourceError } from './errors.js'
import type { Summary } from './experiment/outcome.js'
import { articleReport } from './report/article.js'
import { ResultsDirectory } from './report/results-directory.js'
import { renderSvg } from './report/svg.js'
import { type Analysis, analyse, type Observation, ResponseValues } from './study/analysis.js'
import { curveChart } from './study/curve-chart.js'
import { scheduleOf } from './study/design.js'
import { interactionChart } from './study/interaction-chart.js'
import { latenciesByLevel, latencyChart, latencyFigures, phasesAskedFor } from './study/latency.js'
import type { LoadedStudy } from './study/load.js'
import { renderPanels } from './study/panels.js'
import {
  environmentOf,
  holdsStudy,
  otherStudy,
  type RunRecord,
  recordOf,
  requireSameStudy,
  STUDY_FILES,
} from './study/record.js'
import { studyMarkdown } from './study/report.js'
import { readResponse } from './study/responses.js'
import { type CompleteRun, optionsDifference, readRun } from './study/run-files.js'
import { type RunEnd, type Runner, runInProcess } from './study/runner.js'
import { runsCsv } from './study/runs-csv.js'

export interface StudyOptions {
  /** The study's directory; by default results/studies/NAME below the current one. */
  out?: string | undefined
  /** Ends it early, with what there is. */
  signal?: AbortSignal
  /** A run begins. */
  onRun?: (run: RunRecord, all: readonly RunRecord[]) => void
  /** What makes the runs; tests have others. */
  runner?: Runner
}

export interface StudyResult {
  analysis: Analysis
  /** Of each response, for the reports. */
  markdown: string
  /** Absolute path of the study's directory. */
  directory: string
  /** What a command would exit with. */
  exitCode: number
}

/**
 * @throws UserError when the directory holds something else, or a response leads to nothing
 * @throws ResourceError when the results can't be written, or no process can be had
 */
export async function recordStudy(loaded: LoadedStudy, options: StudyOptions = {}): Promise<StudyResult> {
  const path = resolve(options.out ?? join('results', 'studies', loaded.study.name))
  const isThere = holdsStudy(path)
  if (isThere) requireSameStudy(path, loaded.study)
  try {
    const directory = isThere
      ? ResultsDirectory.reopen(path)
      : ResultsDirectory.create({ scenario: 'studies', startedAt: new Date(), out: path })
    const recording = new StudyRecording(loaded, directory)
    return await recording.run(options)
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new ResourceError(`can't keep the study in ${path}: ${messageOf(error)}`)
  }
}

class StudyRecording {
  private readonly runs: RunRecord[]
  private exitCode: number = EXIT.ok
  private arePathsChecked = false
  /** Of the scenario, as a complete run has them. */
  private phases: Summary['phases'] = []

  constructor(
    private readonly loaded: LoadedStudy,
    private readonly directory: ResultsDirectory,
  ) {
    const { study, cells } = loaded
    this.runs = scheduleOf(study, cells).map((run) => ({ ...run, state: 'missing', seconds: null }))
    for (const run of this.runs) this.takeIfComplete(run)
  }

  async run({
    signal = new AbortController().signal,
    onRun,
    runner = runInProcess,
  }: StudyOptions): Promise<StudyResult> {
    this.write('running')
    try {
      for (const run of this.runs) {
        if (run.state === 'complete') continue
        if (signal.aborted) break
        onRun?.(run, this.runs)
        await this.make(run, signal, runner)
        this.write('running')
      }
    } finally {
      this.write(this.runs.every(({ state }) => state === 'complete') ? 'complete' : 'partial')
    }
    if (signal.aborted) this.exitCode = EXIT.interrupted
    return this.analyse()
  }

  private async make(run: RunRecord, signal: AbortSignal, runner: Runner): Promise<void> {
    const directory = join(this.directory.path, run.directory)
    // What an earlier try left.
    rmSync(directory, { recursive: true, force: true })
    const { set, loaded } = this.loaded.cells[run.cell]!
    const end = await runner({ scenario: loaded.file, set, seed: run.seed, directory }, signal)
    if (end.exitCode === EXIT.ok && this.takeIfComplete(run)) return
    if (!signal.aborted) this.fail(run, end)
  }

  private fail(run: RunRecord, { exitCode, message }: RunEnd): void {
    run.state = 'failed'
    run.message = message ?? (exitCode === EXIT.ok ? 'left no results' : `exit code ${exitCode}`)
    if (this.exitCode === EXIT.ok) this.exitCode = exitCode === EXIT.ok ? EXIT.internal : exitCode
  }

  private takeIfComplete(run: RunRecord): boolean {
    const path = join(this.directory.path, run.directory)
    const found = readRun(path)
    if (found === undefined) return false
    const cell = this.loaded.cells[run.cell]!
    const difference = optionsDifference(found, cell.loaded, run.seed)
    if (difference !== undefined) throw otherStudy(this.directory.path, `in ${run.directory} ${difference}`)
    run.state = 'complete'
    run.seconds = found.seconds
    run.values = this.valuesOf(found)
    this.phases = found.summary.phases
    return true
  }

  /** A path that leads to nothing in the first run is a mistake; later, the run has no such value. */
  private valuesOf({ summary }: CompleteRun): (number | null)[] {
    const values = this.loaded.study.responses.map((response) => {
      const reading = readResponse(summary, response.path)
      if ('value' in reading) return reading.value
      if (!this.arePathsChecked) throw this.loaded.pathError(response, reading.problem)
      return null
    })
    this.arePathsChecked = true
    return values
  }

  private write(state: 'running' | 'complete' | 'partial'): void {
    const { study, cells } = this.loaded
    this.directory.writeJson(STUDY_FILES.study, recordOf(study, cells, this.runs, state))
    this.directory.write(STUDY_FILES.runs, runsCsv(study, cells, this.runs))
  }

  private analyse(): StudyResult {
    const { study, cells } = this.loaded
    const complete = this.runs.filter(({ state }) => state === 'complete')
    const observations: Observation[] = complete.map(({ cell, replicate, values }) => ({
      cell,
      replicate,
      values: values!,
    }))
    const values = study.responses.map((_, index) => new ResponseValues(study, cells, index, observations))
    const runs = { planned: this.runs.length, complete: complete.length }
    const latencies = latenciesByLevel(
      study,
      cells,
      phasesAskedFor(study, this.phases),
      complete.map(({ cell, directory }) => ({ cell, path: join(this.directory.path, directory) })),
    )
    const analysis = analyse(study, values, runs, this.messages(observations), latencyFigures(latencies))
    const markdown = studyMarkdown(analysis, study, environmentOf())
    this.directory.writeJson(STUDY_FILES.analysis, analysis)
    // Those of responses that the study had before would stay.
    rmSync(join(this.directory.path, STUDY_FILES.figures), { recursive: true, force: true })
    for (const [index, response] of study.responses.entries()) {
      const charts = {
        curve: curveChart(study, response, values[index]!),
        interaction: interactionChart(study, response, values[index]!),
      }
      for (const [kind, chart] of Object.entries(charts)) {
        const file = `${STUDY_FILES.figures}/${response.name}-${kind}.svg`
        if (chart !== undefined) this.directory.write(file, renderPanels(chart))
      }
    }
    if (latencies.length > 0) {
      for (const factor of study.factors) {
        const chart = renderSvg(drawPercentiles(LIGHT, latencyChart(study, factor, latencies)))
        this.directory.write(`${STUDY_FILES.figures}/latency-${factor.name}.svg`, chart)
      }
    }
    this.directory.write(STUDY_FILES.report, markdown.report)
    this.directory.write(STUDY_FILES.page, articleReport(this.directory.path))
    return { analysis, markdown: markdown.answer, directory: this.directory.path, exitCode: this.exitCode }
  }

  private messages(observations: readonly Observation[]): string[] {
    const { responses } = this.loaded.study
    const failed = this.runs.filter(({ state }) => state === 'failed')
    const missing = this.runs.filter(({ state }) => state === 'missing')
    const counted = (count: number, what: string) =>
      count === 0 ? [] : [`${count} of ${this.runs.length} runs ${what}`]
    return [
      ...failed.map(({ directory, message }) => `${directory} failed: ${message}`),
      ...counted(failed.length, 'failed, and count as missing; the same command tries them again'),
      ...counted(missing.length, 'were not made; the same command goes on with them'),
      ...responses.flatMap(({ name }, index) => {
        const without = observations.filter(({ values }) => values[index] === null).length
        return without === 0 ? [] : [`${without} of ${observations.length} complete runs have no ${name}`]
      }),
    ]
  }
}
