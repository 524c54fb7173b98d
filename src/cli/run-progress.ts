/** The progress of a run: where it is, how long the rest takes, what is shared, what scanner and guests are doing. */
import type { Sample } from '../experiment/outcome.js'
import { metric, percent } from '../report/table.js'
import { memoryUnit, pagesToMiB, timeUnit } from '../report/units.js'
import type { PhasePlan, Plan } from '../scenario/plan.js'
import { barItem, duration, flow, type Glyphs, glyphsOf, type Item, sparkline } from './drawing.js'
import type { ProgressView } from './terminal.js'

/** Samples whose CoW rates are kept: the longest sparkline. On a narrow terminal it has fewer letters, on a line of its own. */
const RATES_MAX = 32
const SPARK_LETTERS_MIN = 16
/** Figures are told to be older than this, in seconds of the run. */
const OLD_SECONDS = 5
/** A scanner that does less of what it is asked for is behind; one that waits longer, starved. */
const BEHIND_PART = 0.9
const STARVED_PART = 0.1

/** What a run does besides its phases, as it calls it. */
const STEPS: Record<string, string> = {
  start: 'setting up memory and threads',
  verify: 'verifying every page',
}

/** What happened between the last two samples, by second of the run. */
interface Rates {
  cow: number
  scanned: number
  asked: number | undefined
  /** Of a processor, each scanner's on average. */
  scannerCpu: number | undefined
  scannerWaiting: number | undefined
}

export class RunProgress {
  private last: Sample | undefined
  private rates: Rates | undefined
  private readonly cowRates: number[] = []
  private phase = ''
  private phaseStartSeconds = 0
  private readonly startMs: number

  constructor(
    private readonly plan: Plan,
    private readonly glyphs: Glyphs = glyphsOf(),
    private readonly nowMs = () => performance.now(),
  ) {
    this.startMs = nowMs()
  }

  take(sample: Sample): void {
    const rates = this.last && this.ratesBetween(this.last, sample)
    this.last = sample
    if (rates === undefined) return
    this.rates = rates
    this.cowRates.push(rates.cow)
    if (this.cowRates.length > RATES_MAX) this.cowRates.shift()
  }

  /** @param timeSeconds of the scenario */
  view(phase: string, timeSeconds: number): ProgressView {
    if (phase !== this.phase) {
      this.phase = phase
      this.phaseStartSeconds = timeSeconds
    }
    const { separator } = this.glyphs
    const { title, left, part } = this.place(timeSeconds)
    const figures = this.figures(timeSeconds)
    const texts = (items: readonly Item[]) => items.map(({ text }) => text).join(separator)
    return {
      stage: phase,
      line: texts([...title, ...left, ...figures.flat(), ...(this.rates ? [cowItem(this.rates)] : [])]),
      block: (columns) => {
        const width = columns - 1
        return [
          ...flow(title, width, separator),
          ...flow([barItem(part, width, this.glyphs), ...left], width, separator),
          ...[...figures, this.cow(width)].flatMap((items) => flow(items, width, separator)),
        ]
      },
    }
  }

  private place(timeSeconds: number): { title: Item[]; left: Item[]; part: number } {
    const { scenario, phases } = this.plan
    const name: Item = { text: scenario, style: 'bold' }
    const index = phases.findIndex((phase) => phase.name === this.phase)
    const step = STEPS[this.phase]
    if (index < 0 && step !== undefined) {
      return { title: [name, { text: step }], left: [], part: this.last === undefined ? 0 : 1 }
    }
    const { doneSeconds, timedSeconds } = this.timed(index, timeSeconds)
    return {
      title: [
        name,
        { text: `${this.phase}, phase ${index + 1} of ${phases.length}`, style: 'bold' },
        { text: this.clock(timeSeconds), style: 'dim' },
      ],
      left: this.left(index, timeSeconds, timedSeconds - doneSeconds).map((text) => ({ text })),
      part: timedSeconds === 0 ? 0 : doneSeconds / timedSeconds,
    }
  }

  /** Seconds of the run, of the phases that end by time: no other's length is known. */
  private timed(index: number, timeSeconds: number): { doneSeconds: number; timedSeconds: number } {
    const secondsOf = (phases: readonly PhasePlan[]) =>
      phases.filter(isTimed).reduce((sum, { seconds }) => sum + seconds, 0)
    const { phases } = this.plan
    const current = phases[index]
    const doneOfCurrent =
      current !== undefined && isTimed(current)
        ? Math.min(current.seconds, this.inPhaseSeconds(timeSeconds))
        : 0
    return {
      doneSeconds: secondsOf(phases.slice(0, Math.max(0, index))) + doneOfCurrent,
      timedSeconds: secondsOf(phases),
    }
  }

  /** How long the rest takes; of a warm-up it can only be said what ends it. */
  private left(index: number, timeSeconds: number, timedLeftSeconds: number): string[] {
    const { phases } = this.plan
    const current = phases[index]
    const pace = this.pace(timeSeconds)
    if (current !== undefined && !isTimed(current)) {
      const until = current.ends.when === 'passes' ? `${current.ends.passes} scan passes` : 'settled'
      const most = duration(Math.max(0, current.seconds - this.inPhaseSeconds(timeSeconds)) * pace)
      const then = timedLeftSeconds > 0 ? [`then about ${duration(timedLeftSeconds * pace)}`] : []
      return [`until ${until}, ${most} at most`, ...then]
    }
    const warmUps = phases.slice(index + 1).filter((phase) => !isTimed(phase))
    const besides = warmUps.length === 0 ? '' : ` and ${warmUps.map(({ name }) => name).join(', ')}`
    return [`about ${duration(timedLeftSeconds * pace)}${besides} left`]
  }

  /** Wall seconds for a second of the run. Only on real threads is that one. */
  private pace(timeSeconds: number): number {
    const runSeconds = timeSeconds / this.plan.scale.time
    if (this.plan.engine === 'threads' || runSeconds === 0) return 1
    return (this.nowMs() - this.startMs) / 1000 / runSeconds
  }

  private inPhaseSeconds(timeSeconds: number): number {
    return (timeSeconds - this.phaseStartSeconds) / this.plan.scale.time
  }

  private clock(timeSeconds: number): string {
    const { size, name } = timeUnit(timeSeconds)
    return `at ${(timeSeconds / size).toFixed(1)} ${name}${this.plan.scale.time === 1 ? '' : ' of the scenario'}`
  }

  /** Of the last sample: memory, and what the scanner has done. */
  private figures(timeSeconds: number): Item[][] {
    const { last, rates } = this
    if (last === undefined) return []
    const fullMiB = (pages: number) => pagesToMiB(pages) * this.plan.scale.memory
    const unit = memoryUnit(fullMiB(last.presentPages))
    const memory = (pages: number) => {
      const amount = fullMiB(pages) / unit.size
      return `${amount.toFixed(amount < 100 ? 1 : 0)} ${unit.name}`
    }
    const { savedPages, opportunityPages, swappedPages } = last
    const captured = opportunityPages > 0 ? savedPages / opportunityPages : null
    const ageSeconds = (timeSeconds - last.timeSeconds) / this.plan.scale.time
    return [
      [
        { text: `shared ${memory(last.sharedPages)}` },
        { text: `footprint ${memory(last.footprintPages)}` },
        { text: `opportunity ${memory(opportunityPages)}` },
        { text: `captured ${percent(captured)}` },
        ...(swappedPages > 0 ? [{ text: `swapped ${memory(swappedPages)}`, style: 'yellow' as const }] : []),
      ],
      [
        ...(rates === undefined ? [] : scannerItems(rates)),
        ...(ageSeconds > OLD_SECONDS
          ? [{ text: `figures ${duration(ageSeconds)} old`, style: 'dim' as const }]
          : []),
      ],
    ]
  }

  /** The CoW rate, and that of the last samples in as many letters as there is room for. */
  private cow(width: number): Item[] {
    if (this.rates === undefined) return []
    const peak: Item = { text: `peak ${perSecond(Math.max(...this.cowRates))}`, style: 'dim' }
    const now = cowItem(this.rates)
    const others = now.text.length + peak.text.length + 2 * this.glyphs.separator.length
    const letters = Math.min(width, Math.max(SPARK_LETTERS_MIN, width - others))
    return [now, { text: sparkline(this.cowRates.slice(-letters), this.glyphs), style: 'green' }, peak]
  }

  private ratesBetween(before: Sample, after: Sample): Rates | undefined {
    const seconds = (after.timeSeconds - before.timeSeconds) / this.plan.scale.time
    if (seconds <= 0) return undefined
    const rate = (count: (sample: Sample) => number | undefined, of = seconds) => {
      const [from, to] = [count(before), count(after)]
      return from === undefined || to === undefined ? undefined : (to - from) / of
    }
    const ofEach = seconds * this.plan.scanner.count
    return {
      cow: rate(({ cowFaults }) => cowFaults)!,
      scanned: rate(({ scan }) => scan.pagesScanned)!,
      asked: rate(({ scan }) => scan.pagesAsked),
      scannerCpu: rate(({ scan }) => scan.cpuSeconds, ofEach),
      scannerWaiting: rate(({ scan }) => scan.waitingSeconds, ofEach),
    }
  }
}

function scannerItems({ scanned, asked, scannerCpu, scannerWaiting }: Rates): Item[] {
  const isBehind = asked !== undefined && scanned < BEHIND_PART * asked
  const items: Item[] = [
    {
      text: `scan ${perSecond(scanned)}${asked === undefined ? '' : ` of ${perSecond(asked)} asked`}`,
      style: isBehind ? 'yellow' : 'plain',
    },
  ]
  if (scannerCpu !== undefined) items.push({ text: `scanner on CPU ${percent(scannerCpu)}` })
  if (scannerWaiting !== undefined) {
    const isStarved = scannerWaiting > STARVED_PART
    items.push({ text: `waits ${percent(scannerWaiting)}`, style: isStarved ? 'yellow' : 'plain' })
  }
  return items
}

function cowItem({ cow }: Rates): Item {
  return { text: `CoW ${perSecond(cow)}` }
}

function perSecond(rate: number): string {
  return `${metric(Math.round(rate))}/s`
}

function isTimed({ ends }: PhasePlan): boolean {
  return ends.when === 'time'
}
