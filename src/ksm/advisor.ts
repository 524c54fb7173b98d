/**
 * KSM's scan-time advisor: at the end of each full scan it decides how many pages a batch has, so that a full scan
 * takes the time that is wanted within the share of a processor that is allowed (Linux 6.8–6.18, mm/ksm.c,
 * scan_time_advisor).
 *
 * The kernel computes in unsigned 64-bit integers; here they are doubles. Every dividend is exact below 2^53, and there
 * floor(a / b) is the integer division. That holds for a thread's processor time of up to 2^53 ns (104 days). One
 * product can be larger, pages × change, and nothing comes of its rounding: a hundredth of 2^53 is far above the
 * processor cap (at most 2^32 pages × 100), which then decides. So results are the kernel's as long as it does not
 * overflow itself.
 */
import type { KsmFixed } from './settings.js'

export type AdvisorSettings = Pick<
  KsmFixed,
  'advisor_max_cpu' | 'advisor_max_pages_to_scan' | 'advisor_target_scan_time'
>

/** Percent of a processor that the scanner may always take (KSM_ADVISOR_MIN_CPU). */
const MIN_CPU_PERCENT = 10
/** Percent that the latest change counts for in the average of changes (EWMA_WEIGHT). */
const EWMA_WEIGHT = 30

/** Begins where the kernel does when `advisor_mode` is switched to scan-time: it remembers nothing. */
export class ScanTimeAdvisor {
  /** Whole seconds; 0 before the first step. */
  private lastScanTime = 0
  /** Weighted average of scan time / scan time before, in percent. It starts at 0, so the first steps are held back. */
  private change = 0
  /** Of the scan thread at the last step; at the first, all that it ever took is seen as taken by that scan. */
  private lastCpuTimeNs = 0

  /** @param pagesToScan at first: the kernel sets it to advisor_min_pages_to_scan, which it asks for only then */
  constructor(public pagesToScan: number) {}

  /**
   * A full scan is over.
   * @param scanTimeMs since the scan's start; when the advisor was switched on within that scan, the kernel takes the
   * time since boot, as it knows of no start
   * @param cpuTimeNs processor time of the scan thread in all its life
   * @param settings as they are now; they may change from step to step
   * @returns the new number of pages of a batch, which is also left in pagesToScan
   */
  step(scanTimeMs: number, cpuTimeNs: number, settings: AdvisorSettings): number {
    const scanTime = quotient(scanTimeMs, 1000)
    const cpuPercent = quotient(Math.floor((cpuTimeNs - this.lastCpuTimeNs) / 1e6) * 100, scanTime * 1000)
    const factor = quotient(settings.advisor_target_scan_time * 100, scanTime)
    const latestChange = quotient(scanTime * 100, this.lastScanTime || scanTime)
    const change = Math.floor(((100 - EWMA_WEIGHT) * this.change + EWMA_WEIGHT * latestChange) / 100)
    const wanted = Math.floor((Math.floor((this.pagesToScan * 100) / factor) * change) / 100)
    const pagesPerPercent = quotient(this.pagesToScan, cpuPercent)

    this.lastScanTime = scanTime
    this.change = change
    this.lastCpuTimeNs = cpuTimeNs
    const capped = Math.min(wanted, pagesPerPercent * settings.advisor_max_cpu)
    const raised = Math.max(capped, pagesPerPercent * MIN_CPU_PERCENT)
    this.pagesToScan = Math.min(raised, settings.advisor_max_pages_to_scan)
    return this.pagesToScan
  }
}

/** Integer division, but at least 1. */
function quotient(dividend: number, divisor: number): number {
  return Math.max(1, Math.floor(dividend / divisor))
}
