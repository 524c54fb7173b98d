/** Records steps of the kernel's scan-time advisor, from its own tracepoint. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdvisorSettings } from '../../src/ksm/advisor.js'
import { readKsmCounters } from '../../src/linux/ksm-counters.js'
import { readKsmSettings, replaceKsmSettings, writeKsmSettings } from '../../src/linux/ksm-settings.js'
import { findKsmd, readKsmdTimes } from '../../src/linux/ksmd.js'
import { until } from '../support/kernel-ksm.js'
import { MergeablePages } from '../support/kernel-player.js'
import { KernelTrace, type TraceEvent } from '../support/kernel-trace.js'
import type { RecordedAdvisor, RecordedAdvisorStep } from '../support/ksm-recordings.js'

export const ADVISOR_HOW =
  'ksmd scanned so many pages, half of them like no other, half equal in pairs. scan_time, cpu_percent and pages_to_scan are the ' +
  'arguments of the tracepoint ksm:ksm_advisor, scanTimeMs the time since ksm:ksm_start_scan on its clock; cpuTimeNs was read from ' +
  'ksmd’s schedstat within milliseconds after.'

const PAGES_MAX = 150_000

/** What holds from the start of a scan on. */
type Change = Partial<AdvisorSettings> & { pages?: number }

type Series = Omit<RecordedAdvisor, 'steps'> & {
  /** One for each scan; the first has all values. */
  scans: readonly [Required<Change>, ...Change[]]
}

/**
 * The first step takes all of ksmd's life for time of that scan, so after it a batch has few pages, advisor_max_cpu of
 * them: memories are small enough for the next scan to take seconds, not minutes.
 */
const SERIES: readonly Series[] = [
  {
    name: 'memory and target change',
    switchedOn: 'between scans',
    advisor_min_pages_to_scan: 500,
    sleep_millisecs: 1,
    scans: [
      { ...common(), advisor_target_scan_time: 3, pages: 40_000 },
      ...still(3),
      { advisor_target_scan_time: 1 },
      ...still(1),
      { pages: PAGES_MAX },
      ...still(2),
      { advisor_target_scan_time: 5 },
      ...still(1),
    ],
  },
  {
    name: 'a small share of a processor',
    switchedOn: 'between scans',
    advisor_min_pages_to_scan: 1000,
    sleep_millisecs: 1,
    scans: [
      { ...common(), advisor_target_scan_time: 1, pages: 40_000 },
      ...still(2),
      { advisor_max_cpu: 12 },
      ...still(1),
      { advisor_max_cpu: 25 },
    ],
  },
  {
    name: 'few pages at most',
    switchedOn: 'between scans',
    advisor_min_pages_to_scan: 700,
    sleep_millisecs: 1,
    scans: [
      { ...common(), advisor_target_scan_time: 2, advisor_max_pages_to_scan: 60, pages: 15_000 },
      ...still(1),
      { advisor_max_pages_to_scan: 100 },
      ...still(1),
    ],
  },
  {
    name: 'scans of less than a second',
    switchedOn: 'between scans',
    advisor_min_pages_to_scan: 500,
    sleep_millisecs: 10,
    scans: [{ ...common(), advisor_target_scan_time: 2, pages: 1000 }, ...still(5)],
  },
  {
    name: 'begun within a scan',
    switchedOn: 'within a scan',
    advisor_min_pages_to_scan: 500,
    sleep_millisecs: 10,
    scans: [{ ...common(), advisor_target_scan_time: 2, pages: 20_000 }, ...still(3)],
  },
]

function common() {
  return { advisor_max_cpu: 70, advisor_max_pages_to_scan: 30_000 }
}

function still(scans: number): Change[] {
  return Array(scans).fill({})
}

export async function recordAdvisor(): Promise<RecordedAdvisor[]> {
  const memory = new MergeablePages(PAGES_MAX)
  const recorded: RecordedAdvisor[] = []
  for (const series of SERIES) recorded.push(await recordSeries(memory, series))
  return recorded
}

async function recordSeries(memory: MergeablePages, series: Series): Promise<RecordedAdvisor> {
  const { scans, ...head } = series
  const { advisor_min_pages_to_scan, sleep_millisecs } = series
  replaceKsmSettings({
    run: 0,
    advisor_mode: 'none',
    smart_scan: 0,
    pages_to_scan: advisor_min_pages_to_scan,
    advisor_min_pages_to_scan,
    sleep_millisecs,
  })
  memory.clear()
  const trace = new KernelTrace(['ksm/ksm_start_scan', 'ksm/ksm_advisor'])
  try {
    const samples = await sampleScans(memory, series)
    return { ...head, steps: stepsOf(samples, trace.read()) }
  } finally {
    writeKsmSettings({ run: 2 })
    trace.close()
  }
}

/** What is seen from outside of a scan. */
type Sample = Pick<RecordedAdvisorStep, 'settings' | 'pages' | 'pagesToScanBefore' | 'cpuTimeNs'>

async function sampleScans(memory: MergeablePages, { scans, switchedOn }: Series): Promise<Sample[]> {
  const ksmd = findKsmd()!
  const samples: Sample[] = []
  let { pages, ...settings } = scans[0]
  fill(memory, 0, pages)
  writeKsmSettings(settings)
  if (switchedOn === 'within a scan') {
    writeKsmSettings({ run: 1 })
    await sleep(100)
    assert.equal(readKsmCounters().full_scans, 0, 'the first scan is not over')
  }
  writeKsmSettings({ advisor_mode: 'scan-time', run: 1 })
  for (const [scan, change] of scans.entries()) {
    const pagesToScanBefore = readKsmSettings().pages_to_scan!
    const { pages: pagesNow = pages, ...changed } = change
    settings = { ...settings, ...changed }
    writeKsmSettings(changed)
    fill(memory, pages, pagesNow)
    pages = pagesNow
    await until(`the end of scan ${scan}`, () => readKsmCounters().full_scans! > scan)
    samples.push({ settings, pages, pagesToScanBefore, cpuTimeNs: readKsmdTimes(ksmd)!.cpuNs })
  }
  return samples
}

/** Half of the pages in pairs. */
function fill(memory: MergeablePages, first: number, end: number): void {
  for (let page = first; page < end; page++) memory.write(page, page % 4 === 3 ? page : page + 1)
}

function stepsOf(samples: readonly Sample[], events: readonly TraceEvent[]): RecordedAdvisorStep[] {
  const advised = events.flatMap((event, i) => {
    if (event.name !== 'ksm_advisor') return []
    const start = events.slice(0, i).findLast(({ name }) => name === 'ksm_start_scan')!
    return [{ ...argumentsOf(event), scanTimeMs: Math.floor((event.timeUs - start.timeUs) / 1000) }]
  })
  return samples.map((sample, i) => ({ ...sample, ...advised[i]! }))
}

function argumentsOf({ text }: TraceEvent) {
  const format = /^ksm scan time (\d+) pages_to_scan (\d+) cpu percent (\d+)$/
  const [, scan_time, pages_to_scan, cpu_percent] = format.exec(text)!.map(Number)
  return { scan_time: scan_time!, cpu_percent: cpu_percent!, pages_to_scan: pages_to_scan! }
}
