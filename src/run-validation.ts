/**
 * Validates the lab's KSM: runs each scenario in the lab and on this host's kernel, and compares. Every run leaves a
 * results directory of its own inside that of the validation, whose report is written at the end, whatever the end was.
 */
import { join } from 'node:path'
import { EXIT, isDiskError, messageOf, ResourceError, UserError } from './errors.js'
import type { Summary } from './experiment/outcome.js'
import { articleReport } from './report/article.js'
import { ResultsDirectory } from './report/results-directory.js'
import { PANELS, renderValidationChart } from './report/validation-chart.js'
import {
  type ScenarioComparison,
  VALIDATION_FILES,
  type ValidationReport,
  validationMarkdown,
} from './report/validation-report.js'
import { type ExperimentResult, type RecordOptions, recordRun } from './run-experiment.js'
import { commonTimes, resample } from './validate/curves.js'
import type { ScenarioPair } from './validate/load-pairs.js'
import { compare, type Replicate } from './validate/metrics.js'
import { endOfPhase, type Point, pointOf, type Run } from './validate/points.js'
import { requireKernel } from './validate/require-kernel.js'
import { type ScheduledRun, schedule } from './validate/schedule.js'
import { median } from './validate/statistics.js'

export interface ValidateOptions {
  replicates: number
  /** The results directory; by default results/validate/TIME below the current one. */
  out?: string | undefined
  /** Ends it early, with what there is. */
  signal?: AbortSignal
  /** A run begins. */
  onRun?: (run: ScheduledRun) => void
  onProgress?: RecordOptions['onProgress']
  /** What it runs on; tests have others. */
  backends?: Backends
}

export interface Backends {
  /** @throws ResourceError when there is no kernel to run on */
  requireKernel: () => void
  record: typeof recordRun
}

const BACKENDS: Backends = { requireKernel, record: recordRun }

export interface ValidationResult {
  report: ValidationReport
  /** Absolute path of the results. */
  directory: string
  /** What a command would exit with; it knows nothing of tolerances. */
  exitCode: number
}

/** @throws ResourceError when this machine is too small, or KSM can't be had; nothing is written if no run was made */
export async function recordValidation(
  pairs: readonly ScenarioPair[],
  options: ValidateOptions,
): Promise<ValidationResult> {
  const { backends = BACKENDS } = options
  backends.requireKernel()
  const directory = ResultsDirectory.create({
    scenario: 'validate',
    startedAt: new Date(),
    out: options.out,
  })
  const messages = pairs.flatMap((pair) => pair.messages)
  const validation = new Validation(directory, options, messages)
  try {
    for (const run of schedule(pairs, options.replicates)) {
      if (options.signal?.aborted === true) validation.exitCode = EXIT.interrupted
      if (validation.exitCode === EXIT.ok) await validation.run(run)
    }
  } catch (error) {
    const isExpected = error instanceof UserError || error instanceof ResourceError
    if (isExpected && validation.runs === 0) {
      directory.discard()
      throw error
    }
    validation.fail(messageOf(error))
    if (!isExpected) throw error
    throw new ResourceError(`${error.message}; the results so far are in ${directory.path}`)
  }
  return { report: validation.write(), directory: directory.path, exitCode: validation.exitCode }
}

class Validation {
  exitCode: number = EXIT.ok
  /** Made so far. */
  runs = 0
  /** Of the guests at the end of each run, by the run's scenario and replicate. */
  private readonly contents = new Map<string, string>()
  private readonly replicates = new Map<ScenarioPair, Partial<Replicate>[]>()

  constructor(
    private readonly directory: ResultsDirectory,
    private readonly options: ValidateOptions,
    private readonly messages: string[],
  ) {}

  async run(run: ScheduledRun): Promise<void> {
    const { signal, onRun, onProgress, backends = BACKENDS } = this.options
    const { pair, replicate, backend, loaded } = run
    onRun?.(run)
    const points: Point[] = []
    const place = `${pair.name}/${backend}-${replicate}`
    const result = await backends.record(loaded, {
      out: join(this.directory.path, place),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
      onSample: (sample) => points.push(pointOf(sample)),
    })
    this.runs++
    this.messages.push(...complaintsOf(result).map((complaint) => `${place}: ${complaint}`))
    this.exitCode = result.exitCode
    if (result.exitCode !== EXIT.ok) return
    this.take(run, points)
    this.compareContents(`${pair.name}, replicate ${replicate}`, result.summary)
  }

  private take({ pair, replicate, backend, loaded }: ScheduledRun, points: Run): void {
    const taken = this.replicates.get(pair) ?? []
    const { seed } = loaded.plan
    taken[replicate - 1] = { ...taken[replicate - 1], seed, [backend]: points }
    this.replicates.set(pair, taken)
  }

  /** What guests store depends on the seed alone, as long as rates pace them and they keep up. */
  private compareContents(replicate: string, { guests }: Summary): void {
    const contents = guests.map(({ contentDigest }) => contentDigest).join()
    const before = this.contents.get(replicate) ?? contents
    this.contents.set(replicate, contents)
    if (contents === before) return
    this.messages.push(`${replicate}: guests did not store the same in the lab and in the kernel`)
  }

  /** Leaves what there is, beside an error that tells more. */
  fail(message: string): void {
    this.exitCode = EXIT.internal
    this.messages.push(message)
    try {
      this.write()
    } catch {
      // The error that brought us here tells more.
    }
  }

  write(): ValidationReport {
    const state = this.state()
    const compared = [...this.replicates].flatMap(([pair, replicates]) => {
      const whole = replicates.filter(isWhole)
      return whole.length === 0 ? [] : [compareScenario(pair, whole)]
    })
    const report = { state, messages: this.messages, scenarios: compared.map(({ comparison }) => comparison) }
    try {
      const scenarios = compared.map(({ comparison, runs }) => ({ ...comparison, runs }))
      this.directory.writeJson(VALIDATION_FILES.json, { ...report, scenarios })
      this.directory.write(VALIDATION_FILES.markdown, validationMarkdown(report, true))
      for (const { comparison, chart } of compared) {
        this.directory.write(`${VALIDATION_FILES.figures}/${comparison.name}.svg`, chart)
      }
      this.directory.write(VALIDATION_FILES.page, articleReport(this.directory.path))
    } catch (error) {
      if (!isDiskError(error)) throw error
      throw new ResourceError(`can't write to ${this.directory.path}: ${messageOf(error)}`)
    }
    return report
  }

  private state(): ValidationReport['state'] {
    if (this.exitCode === EXIT.ok) return 'complete'
    return this.exitCode === EXIT.interrupted ? 'partial' : 'failed'
  }
}

function complaintsOf({ summary, failure }: ExperimentResult): string[] {
  const { messages, integrity } = summary
  const failed = failure === undefined || messages.includes(failure.message) ? [] : [failure.message]
  return [...failed, ...messages, ...integrity.findings]
}

function isWhole(replicate: Partial<Replicate>): replicate is Replicate {
  return replicate.lab !== undefined && replicate.kernel !== undefined
}

interface Compared {
  comparison: ScenarioComparison
  /** The metrics of each replicate alone. */
  runs: { seed: number; metrics: ScenarioComparison['metrics'] }[]
  chart: string
}

function compareScenario({ name, lab }: ScenarioPair, replicates: readonly Replicate[]): Compared {
  const { plan } = lab
  const phases = plan.phases.map((phase) => phase.name)
  const runs = replicates.flatMap((replicate) => [replicate.lab, replicate.kernel])
  const times = commonTimes(runs, plan.sampleSeconds * plan.scale.time)
  const panels = PANELS.map((counter) => {
    const curves = (backend: 'lab' | 'kernel') =>
      replicates.map((replicate) => resample(replicate[backend], counter, times))
    return [counter, { lab: curves('lab'), kernel: curves('kernel') }]
  })
  return {
    comparison: {
      name,
      replicates: replicates.length,
      seeds: replicates.map(({ seed }) => seed),
      phases,
      metrics: compare(replicates, phases, times),
    },
    runs: replicates.map((replicate) => ({
      seed: replicate.seed,
      metrics: compare([replicate], phases, times),
    })),
    chart: renderValidationChart({
      scenario: name,
      times,
      panels: Object.fromEntries(panels),
      phases: phaseSpans(runs, phases, times.at(-1)!),
    }),
  }
}

/** Where phases lie in the middle of all runs, as far as they are compared. */
function phaseSpans(runs: readonly Run[], phases: readonly string[], endSeconds: number) {
  let startSeconds = 0
  return phases.map((name) => {
    const middle = median(runs.map((run) => endOfPhase(run, name).timeSeconds))
    const span = { name, startSeconds, endSeconds: Math.max(startSeconds, Math.min(middle, endSeconds)) }
    startSeconds = span.endSeconds
    return span
  })
}
