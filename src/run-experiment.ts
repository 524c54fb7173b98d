/**
 * Runs a scenario and records it: the results directory is made before the run, filled while it goes, and completed at
 * its end, whatever the end was.
 */
import { chartsOf } from './charts/charts.js'
import { LIGHT } from './charts/theme.js'
import { EXIT, isDiskError, isSystemError, messageOf, ResourceError, UserError } from './errors.js'
import { isIntact, type Sample, type Summary } from './experiment/outcome.js'
import { type RunFailure, type RunOptions, type RunOutcome, runPlan } from './experiment/run.js'
import { describeKsm } from './linux/ksm-facts.js'
import { faultPercentiles, latencyLog } from './report/latency.js'
import { LATENCY_OVER_TIME, latencyOverTimeCsv } from './report/latency-over-time.js'
import { endedManifest, type Manifest, startedManifest } from './report/manifest.js'
import { ResultsDirectory } from './report/results-directory.js'
import { type ReportedRun, runReport } from './report/run-report.js'
import { readRunView } from './report/run-view.js'
import { summarize } from './report/summary.js'
import { renderSvg } from './report/svg.js'
import { timeSeriesHeader, timeSeriesLine } from './report/timeseries.js'
import { type LoadedScenario, type LoadOptions, loadScenario, resolvedScenario } from './scenario/load.js'
import type { Plan } from './scenario/plan.js'
import { threadNames } from './scenario/thread-names.js'

const TIME_SERIES = 'timeseries.csv'
/** What a manifest may grow by at the end of its run: why it ended, and its messages. */
const MANIFEST_ROOM_BYTES = 4096

export interface RecordOptions extends Pick<RunOptions, 'onSample' | 'onProgress' | 'signal'> {
  /** The results directory; by default results/SCENARIO/TIME-SEED below the current one. */
  out?: string | undefined
}

/** `set` and `seed` go with a scenario by name or path; one that is loaded already has its own. */
export interface ExperimentOptions extends RecordOptions, LoadOptions {}

export interface ExperimentResult {
  summary: Summary
  /** Absolute path of the results. */
  directory: string
  failure: RunFailure | undefined
  /** What a command would exit with. */
  exitCode: number
}

/**
 * Runs one scenario, in real threads of this process unless it is to be stepped, to its end, and writes its results.
 *
 * @param scenario a shipped scenario's name, a path of a YAML file, or what `loadScenario` made of one
 * @throws UserError for a mistake in the scenario or the options, before anything is written
 * @throws ResourceError when this machine is too small for it; nothing is written
 */
export async function runExperiment(
  scenario: string | LoadedScenario,
  options: ExperimentOptions = {},
): Promise<ExperimentResult> {
  const { set, seed, ...recordOptions } = options
  if (typeof scenario === 'string') return recordRun(loadScenario(scenario, { set, seed }), recordOptions)
  if (set !== undefined || seed !== undefined) {
    throw new UserError('`set` and `seed` are for loadScenario; this scenario is loaded already')
  }
  return recordRun(scenario, recordOptions)
}

/** The same for a loaded scenario, which may be steered, with a hook for tests: not part of the library. */
export async function recordRun(
  loaded: LoadedScenario,
  options: RecordOptions & Pick<RunOptions, 'beforeVerify' | 'steering'>,
): Promise<ExperimentResult> {
  const { plan } = loaded
  const startedAt = new Date()
  const linuxKsm = plan.backend === 'linux-ksm' ? describeKsm() : undefined
  const directory = ResultsDirectory.create({
    scenario: plan.scenario,
    seed: plan.seed,
    startedAt,
    out: options.out,
  })
  const manifest = startedManifest({
    scenario: plan.scenario,
    seed: plan.seed,
    options: resolvedScenario(loaded),
    processors: plan.host.processors,
    linuxKsm,
    startedAt,
  })
  const ended: Ending = ({ state, messages }, exitReason) =>
    endedManifest(manifest, {
      state,
      exitReason,
      messages,
      controls: options.steering?.changes ?? [],
      endedAt: new Date(),
    })

  const recorder = new SampleRecorder(directory, options.onSample)
  try {
    directory.writeJson('manifest.json', manifest, MANIFEST_ROOM_BYTES)
    directory.append(TIME_SERIES, headerOf(plan))
    const signals = [recorder.failed, ...(options.signal === undefined ? [] : [options.signal])]
    const outcome = await runPlan(plan, {
      ...options,
      signal: AbortSignal.any(signals),
      swapDirectory: directory.path,
      onSample: (sample) => recorder.take(sample),
    })
    const recorded = writeResults(directory, plan, withWriteError(outcome, recorder.error), recorder, ended)
    const { failure } = recorded.outcome
    return {
      summary: recorded.summary,
      directory: directory.path,
      failure,
      exitCode: exitCodeOf(recorded.outcome),
    }
  } catch (thrown) {
    const error = isDiskError(thrown)
      ? new ResourceError(`can't write to ${directory.path}: ${messageOf(thrown)}`)
      : thrown
    if (error instanceof UserError || error instanceof ResourceError) tryTo(() => directory.discard())
    else {
      const failed = ended({ state: 'failed', messages: [] }, `internal error: ${messageOf(error)}`)
      tryTo(() => directory.writeJson('manifest.json', failed))
    }
    throw error
  }
}

/**
 * Keeps the samples and appends each to timeseries.csv as it comes. If that fails, as on a full disk, the run is to end,
 * and the file is written anew when the swap file has given its blocks back.
 */
class SampleRecorder {
  readonly samples: Sample[] = []
  error: Error | undefined
  private readonly failing = new AbortController()

  constructor(
    private readonly directory: ResultsDirectory,
    private readonly onSample: RecordOptions['onSample'],
  ) {}

  get failed(): AbortSignal {
    return this.failing.signal
  }

  take(sample: Sample): void {
    this.samples.push(sample)
    if (this.error !== undefined) return
    try {
      this.directory.append(TIME_SERIES, timeSeriesLine(sample))
    } catch (error) {
      this.error = error as Error
      this.failing.abort()
    }
    this.onSample?.(sample)
  }

  finish(plan: Plan): void {
    if (this.error === undefined) return
    const lines = this.samples.map(timeSeriesLine)
    this.directory.write(TIME_SERIES, headerOf(plan) + lines.join(''))
  }
}

/** A run whose results can't be written has failed, if it has not for another reason. */
function withWriteError(outcome: RunOutcome, error: unknown): RunOutcome {
  if (error === undefined) return outcome
  const message = unwritable(error)
  if (outcome.failure !== undefined) return { ...outcome, messages: [...outcome.messages, message] }
  return { ...outcome, state: 'failed', failure: { kind: 'resources', message } }
}

function unwritable(error: unknown): string {
  return `the results could not be written: ${messageOf(error)}`
}

function headerOf(plan: Plan): string {
  return timeSeriesHeader(guestNames(plan), plan.scanner.policy, threadNames(plan))
}

function guestNames(plan: Plan): string[] {
  return plan.guests.map((guest) => guest.name)
}

function tryTo(action: () => void): void {
  try {
    action()
  } catch {
    // The error that brought us here tells more.
  }
}

function summaryOf(plan: Plan, outcome: RunOutcome): Summary {
  const { failure } = outcome
  return summarize({
    plan,
    ...outcome,
    messages: failure === undefined ? outcome.messages : [failure.message, ...outcome.messages],
  })
}

/** The manifest of the run, now that it is over. */
type Ending = (run: Pick<Summary, 'state' | 'messages'>, exitReason: string) => Manifest

/** Writes all files, the manifest last, or what can be written of them; returns what there is to say then. */
function writeResults(
  directory: ResultsDirectory,
  plan: Plan,
  outcome: RunOutcome,
  recorder: SampleRecorder,
  ended: Ending,
): { outcome: RunOutcome; summary: Summary } {
  const summary = summaryOf(plan, outcome)
  try {
    directory.writeJson('summary.json', summary)
    recorder.finish(plan)
    writeLatencies(directory, plan, outcome, recorder.samples)
    const manifest = ended(summary, exitReason(outcome))
    writeCharts(directory, { manifest, summary, view: readRunView(directory.path) })
    directory.writeJson('manifest.json', manifest)
    return { outcome, summary }
  } catch (error) {
    if (!isSystemError(error)) throw error
    const failed = recorder.error === undefined ? withWriteError(outcome, error) : outcome
    const failedSummary = summaryOf(plan, failed)
    tryTo(() => directory.writeJson('summary.json', failedSummary))
    tryTo(() => directory.writeJson('manifest.json', ended(failedSummary, exitReason(failed))))
    return { outcome: failed, summary: failedSummary }
  }
}

function writeLatencies(
  directory: ResultsDirectory,
  plan: Plan,
  { histograms, phases }: RunOutcome,
  samples: readonly Sample[],
): void {
  const measured = new Set(phases.filter((phase) => phase.measured).map((phase) => phase.name))
  for (const guest of guestNames(plan)) {
    const own = histograms.filter((entry) => entry.guest === guest)
    directory.write(`latency/${guest}.hlog`, latencyLog(guest, own))
    directory.write(
      `latency/${guest}.hgrm`,
      faultPercentiles(own.filter((entry) => measured.has(entry.phase))),
    )
  }
  const overTime = latencyOverTimeCsv(samples)
  if (overTime !== undefined) directory.write(LATENCY_OVER_TIME, overTime)
}

/** Of what is in the other files. */
function writeCharts(directory: ResultsDirectory, run: ReportedRun): void {
  for (const chart of chartsOf(run.view, LIGHT)) {
    directory.write(`figures/${chart.name}.svg`, renderSvg(chart))
  }
  directory.write('report.html', runReport([run]))
}

/** A thread that died tells more than the damage that it left. */
function isInternal({ failure }: RunOutcome): boolean {
  return failure?.kind === 'internal'
}

function exitReason(outcome: RunOutcome): string {
  if (!isIntact(outcome.integrity) && !isInternal(outcome))
    return `integrity: ${outcome.integrity.findings[0]}`
  if (outcome.failure !== undefined) return outcome.failure.message
  return outcome.state === 'complete' ? 'all phases were run' : 'stopped before its end'
}

function exitCodeOf(outcome: RunOutcome): number {
  if (isInternal(outcome)) return EXIT.internal
  if (!isIntact(outcome.integrity)) return EXIT.integrity
  if (outcome.failure !== undefined) return EXIT.resources
  return outcome.state === 'complete' ? EXIT.ok : EXIT.interrupted
}
