import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AdvisorSettings, ScanTimeAdvisor } from '../../src/ksm/advisor.js'
import { KSM_DEFAULTS } from '../../src/ksm/settings.js'

const SECOND_MS = 1000
const MS_NS = 1_000_000

/** scan_time_advisor once more, as in mm/ksm.c, in unsigned 64-bit integers. */
class Reference {
  private lastScanTime = 0n
  private change = 0n
  private cpuTime = 0n

  constructor(private pagesToScan: bigint) {}

  step(scanTimeMs: bigint, cpuTime: bigint, settings: AdvisorSettings): number {
    const u64 = (value: bigint) => BigInt.asUintN(64, value)
    const scanTime = scanTimeMs / 1000n || 1n
    const cpuPercent = ((u64(cpuTime - this.cpuTime) / 1000n / 1000n) * 100n) / (scanTime * 1000n) || 1n
    const last = this.lastScanTime || scanTime
    const factor = (BigInt(settings.advisor_target_scan_time) * 100n) / scanTime || 1n
    const latest = (scanTime * 100n) / last || 1n
    const change = (70n * this.change + 30n * latest) / 100n
    let pages = (this.pagesToScan * 100n) / factor
    pages = u64(pages * change) / 100n
    const cost = this.pagesToScan / cpuPercent || 1n
    const cap = cost * BigInt(settings.advisor_max_cpu)
    if (cap < pages) pages = cap
    if (cost * 10n > pages) pages = cost * 10n
    const max = BigInt(settings.advisor_max_pages_to_scan)
    if (max < pages) pages = max
    this.change = change
    this.lastScanTime = scanTime
    this.cpuTime = cpuTime
    this.pagesToScan = pages
    return Number(pages)
  }
}

const stepsAtOnce = fc.array(
  fc.record({
    scanTimeMs: fc.oneof(fc.nat(5000), fc.nat(500_000), fc.nat(100_000 * SECOND_MS)),
    cpuNs: fc.oneof(
      fc.nat(50 * MS_NS),
      fc.nat(2 ** 31),
      fc.maxSafeNat().map((ns) => ns % 2 ** 46),
    ),
    settings: fc.record({
      advisor_max_cpu: fc.integer({ min: 0, max: 100 }),
      advisor_max_pages_to_scan: fc.oneof(fc.nat(100_000), fc.nat(2 ** 31)),
      advisor_target_scan_time: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.nat(100_000)),
    }),
  }),
  { minLength: 1, maxLength: 20 },
)

test('every step is that of the kernel’s 64-bit integers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), stepsAtOnce, (pagesToScan, steps) => {
      const advisor = new ScanTimeAdvisor(pagesToScan)
      const reference = new Reference(BigInt(pagesToScan))
      let cpuTimeNs = 0
      for (const { scanTimeMs, cpuNs, settings } of steps) {
        cpuTimeNs += cpuNs
        const expected = reference.step(BigInt(scanTimeMs), BigInt(cpuTimeNs), settings)
        assert.equal(advisor.step(scanTimeMs, cpuTimeNs, settings), expected)
      }
    }),
    { numRuns: 500 },
  )
})

test('a first step takes all of the thread’s life for time taken by this scan', () => {
  const settings = { ...KSM_DEFAULTS, advisor_target_scan_time: 2 }
  // In half the time: 500·100/200 = 250 pages are wanted, of which the average of changes, 30 %, leaves 75.
  const fresh = new ScanTimeAdvisor(500)
  assert.equal(
    fresh.step(1 * SECOND_MS, 100 * MS_NS, settings),
    500,
    '10 %: at 50 pages a percent, 500 at least',
  )
  // 100 s of processor in 1 s are 10,000 %: a page is the least that a percent can be, and 70 % are 70 of them.
  const old = new ScanTimeAdvisor(500)
  assert.equal(old.step(1 * SECOND_MS, 100 * SECOND_MS * MS_NS, settings), 70)
})

test('settings count as they are at the end of a scan', () => {
  const advisor = new ScanTimeAdvisor(500)
  const settings = { ...KSM_DEFAULTS, advisor_target_scan_time: 4, advisor_max_pages_to_scan: 400 }
  assert.equal(advisor.step(4 * SECOND_MS, 400 * MS_NS, settings), 400)
  assert.equal(advisor.step(4 * SECOND_MS, 800 * MS_NS, { ...settings, advisor_max_pages_to_scan: 300 }), 300)
})
