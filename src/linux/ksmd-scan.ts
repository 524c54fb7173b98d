/**
 * ksmd as the scanner of a run: the settings of each phase, and how many full scans it has completed.
 *
 * The kernel takes a change of `run` only between two batches, and a 2 only when all is unmerged: so it is written beside the
 * main thread, which goes on meanwhile, and only when it changes. Between two phases ksmd goes on, for the few
 * milliseconds in which the guests catch up.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, ResourceError } from '../errors.js'
import type { Pass, Scan } from '../experiment/backend.js'
import type { KsmRates } from '../ksm/settings.js'
import { type HostKsmCounters, readKsmCounter } from './ksm-counters.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import type { KsmTakeOver } from './take-over.js'

export class KsmdScan implements Scan {
  /** The first scan of a page only takes its checksum; the second one merges it. */
  readonly passesToSettle = 2
  private run: KsmRates['run'] = 0
  private phase = 0
  /** A pages_to_scan that holds whatever the phase says. */
  private steeredTo: number | undefined
  private unmerged: Promise<void> = Promise.resolve()
  private fullScans: number
  private completed = 0
  private merged: number
  private scanned: number
  private last: Pass = { news: 0, pages: 0 }

  /**
   * ksmd rests until the first phase.
   * @param rates in the order of the phases
   */
  constructor(
    private readonly ksm: Pick<KsmTakeOver, 'set' | 'schedule'>,
    private readonly rates: readonly KsmRates[],
    private readonly paths: Pick<KsmPaths, 'sysfs'> = KSM_PATHS,
  ) {
    this.fullScans = this.counter('full_scans')
    this.merged = this.savedPages()
    this.scanned = this.counter('pages_scanned')
  }

  passes(): readonly number[] {
    const fullScans = this.counter('full_scans')
    if (fullScans !== this.fullScans) this.noteEnd(fullScans)
    return [this.completed]
  }

  lastPass(): Pass {
    return this.last
  }

  async startPhase(phase: number): Promise<void> {
    const { run, ...rates } = this.rates[phase]!
    this.phase = phase
    await this.unmerged
    this.ksm.set(rates)
    if (this.steeredTo !== undefined) this.ksm.set({ pages_to_scan: this.steeredTo })
    if (run === this.run) return
    this.run = run
    if (run !== 2) return this.setRun(run)
    this.unmerged = this.setRun(run)
    // Whoever waits for it hears of its failure.
    this.unmerged.catch(() => {})
  }

  /** An unmerge goes on: pages that are no longer shared are what the phase is for. */
  async hold(): Promise<void> {
    if (this.run === 1) await this.setRun(0)
  }

  async resume(): Promise<void> {
    if (this.run === 1) await this.setRun(1)
  }

  steer(pagesToScan: number | undefined): void {
    this.ksm.set({ pages_to_scan: pagesToScan ?? this.rates[this.phase]!.pages_to_scan })
    this.steeredTo = pagesToScan
  }

  renice(nice: number): void {
    this.ksm.schedule({ nice })
  }

  /** Only when an unmerge is over it is known whether it could be done. */
  async endRun(): Promise<void> {
    await this.unmerged
  }

  /** Of one pass, or of several that ended since the last look. */
  private noteEnd(fullScans: number): void {
    const merged = this.savedPages()
    const scanned = this.counter('pages_scanned')
    // An unmerge begins the count anew.
    this.completed += fullScans > this.fullScans ? fullScans - this.fullScans : fullScans
    this.last = { news: merged - this.merged, pages: scanned - this.scanned }
    this.fullScans = fullScans
    this.merged = merged
    this.scanned = scanned
  }

  private savedPages(): number {
    return this.counter('pages_sharing') + this.counter('ksm_zero_pages')
  }

  private counter(name: keyof HostKsmCounters): number {
    return readKsmCounter(name, this.paths) ?? 0
  }

  private async setRun(run: number): Promise<void> {
    try {
      await writeFile(join(this.paths.sysfs, 'run'), String(run))
    } catch (error) {
      throw new ResourceError(`KSM's run can't be set to ${run}: ${messageOf(error)}`)
    }
  }
}
