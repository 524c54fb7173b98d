/** report.html of one run, or of several together: the answer first, then what ran, all charts, and whether it can be trusted. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Chart } from '../charts/chart.js'
import { chartsOf } from '../charts/charts.js'
import type { PhaseView, RunView } from '../charts/run-view.js'
import { LIGHT } from '../charts/theme.js'
import { thinRun } from '../charts/thin-run.js'
import { UserError } from '../errors.js'
import { isIntact, type Summary } from '../experiment/outcome.js'
import { answerOf } from './answer.js'
import { escaped, htmlDocument } from './html.js'
import type { Manifest } from './manifest.js'
import { readRunView } from './run-view.js'
import { integrityLine, summaryTable } from './table.js'

/** So many samples are more than a chart has pixels across; long runs with many guests would swell the file. */
const SAMPLES_MAX = 1500
/** As `twinpage compare` tells runs apart. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

export interface ReportedRun {
  manifest: Manifest
  summary: Summary
  view: RunView
}

/**
 * A run as its results directory has it.
 *
 * @throws UserError for a directory that has no results of a run that has ended
 */
export function readReportedRun(directory: string): ReportedRun {
  const manifest = readJson<Manifest>(directory, 'manifest.json')
  if (manifest.state === 'running')
    throw new UserError('the run is not over, or was killed; allowed is one that has ended', {
      file: directory,
    })
  const summary = readJson<Summary>(directory, 'summary.json')
  try {
    const run = { manifest, summary, view: readRunView(directory) }
    // What its files lack shows when all that is told of it is put together.
    section(run, 0, 1)
    return run
  } catch (error) {
    throw new UserError(`its files are not those of a run: ${(error as Error).message}`, { file: directory })
  }
}

function readJson<Value>(directory: string, name: string): Value {
  const file = join(directory, name)
  if (!existsSync(file))
    throw new UserError(
      `it has no ${name}; allowed is the results directory of a run, or alone of a study or a validation`,
      {
        file: directory,
      },
    )
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Value
  } catch {
    throw new UserError('is not JSON', { file })
  }
}

/** @param runs one at least */
export function runReport(runs: readonly ReportedRun[]): string {
  const names = [...new Set(runs.map(({ summary }) => summary.scenario))]
  return htmlDocument({
    title: names.join(', '),
    main: runs.map((run, index) => section(run, index, runs.length)).join('\n'),
    data: { id: 'runs', value: runs.map(({ view }) => thinRun(view, SAMPLES_MAX)) },
  })
}

function section(run: ReportedRun, index: number, of: number): string {
  const { manifest, summary, view } = run
  const name = of === 1 ? '' : `<h2>${LETTERS[index] ?? index + 1}: ${escaped(nameOf(run))}</h2>\n`
  return `<section id="run-${index}">
${name}<p class="about">${escaped(aboutOf(run))}</p>
${stateOf(run)}${answerOf(summary).map(answerParagraph).join('\n')}
<details><summary>All figures, as the command prints them</summary><pre tabindex="0">${escaped(summaryTable(summary))}</pre></details>
<details><summary>What ran, with every option</summary><pre tabindex="0">${escaped(whatRan(manifest))}</pre></details>
${zoomButtons(view, index)}
${chartsOf(view, LIGHT)
  .map((chart) => figure(chart, `run-${index}-${chart.name}`))
  .join('\n')}
<h2>Integrity</h2>
<p>${escaped(integrityLine(summary.integrity))}.</p>
${summary.integrity.findings.map((finding) => `<p class="partial">${escaped(finding)}</p>`).join('\n')}
</section>`
}

function nameOf({ manifest: { scenario, seed, startedAt } }: ReportedRun): string {
  return `${scenario}, seed ${seed}, ${startedAt}`
}

function aboutOf({ manifest, summary }: ReportedRun): string {
  const { machine, versions, processors, startedAt, endedAt } = manifest
  const { seed, scale, guests, backend, engine, policy } = summary
  const seconds = endedAt === null ? 0 : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000
  const how = backend === 'lab' ? `engine ${engine}` : `backend ${backend}`
  return [
    `Seed ${seed}, ${guests.length} ${guests.length === 1 ? 'guest' : 'guests'}, policy ${policy}, ${how}`,
    `1/${scale.memory} of the memory and 1/${scale.time} of the time`,
    `${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${seconds.toFixed(0)} s on ${processors} of ${machine.processors} × ${machine.cpuModel}`,
    `${machine.platform}, kernel ${machine.kernel}, Node.js ${versions.node}, twinpage ${manifest.twinpage}`,
  ].join(' · ')
}

/** What the reader must know before anything else. */
function stateOf({ summary, manifest }: ReportedRun): string {
  const { state, messages, integrity } = summary
  const notes = [
    ...(state === 'partial' ? ['This run is partial: it was stopped before its end.'] : []),
    ...(state === 'failed' ? [`This run failed: ${manifest.exitReason}.`] : []),
    ...(isIntact(integrity) ? [] : ['Its memory was damaged: no figure of it can be trusted.']),
    ...messages.filter((message) => message !== manifest.exitReason),
  ]
  return notes.map((note) => `<p class="partial">${escaped(note)}</p>\n`).join('')
}

function answerParagraph(text: string, index: number): string {
  return `<p${index < 3 ? ' class="answer"' : ''}>${escaped(text)}</p>`
}

function whatRan({ options, versions, machine, exitReason }: Manifest): string {
  return stringify({ scenario: options, machine, versions, exitReason })
}

/** The phases by name: zooming by keyboard, and to what there is to see. */
function zoomButtons({ phases, series }: RunView, run: number): string {
  const lastSeconds = series.timeSeconds.at(-1) ?? 0
  if (lastSeconds === 0) return ''
  const part = (seconds: number) => ((100 * seconds) / lastSeconds).toFixed(3)
  const button = ({
    name,
    startSeconds,
    endSeconds,
  }: Pick<PhaseView, 'name' | 'startSeconds' | 'endSeconds'>) =>
    `<button type="button" data-run="${run}" data-from="${part(startSeconds)}" data-to="${part(endSeconds)}">${escaped(name)}</button>`
  const whole = { name: 'whole run', startSeconds: 0, endSeconds: lastSeconds }
  return `<nav class="zoom" aria-label="Zoom of the charts over time"><span>Zoom to</span>${[whole, ...phases].map(button).join('')}</nav>`
}

function figure({ name, title, text }: Chart, id: string): string {
  return `<figure>
<div class="scroll" tabindex="0" role="group" aria-label="${escaped(title)}"><div data-chart="${name}" role="img" aria-labelledby="${id}"></div></div>
<figcaption><details><summary>In words</summary><span id="${id}">${escaped(text)}</span></details></figcaption>
</figure>`
}
