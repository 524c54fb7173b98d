/**
 * Plays a case on the real kernel's KSM, see ksm-cases.ts.
 *
 * All guests lie one after the other in one shared WebAssembly memory, so that ksmd, which goes by address, comes to
 * their pages in order. A batch is larger than the memory: so a full scan is one batch, at the end of which ksmd
 * sleeps, and a write to `run`, which waits for the batch, never stops it in the middle of a scan.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { MADV_MERGEABLE, MADV_NOHUGEPAGE, madvise } from '../../src/host/libc.js'
import { generalProfit, type KernelKsmCounters, type KsmStat } from '../../src/ksm/counters.js'
import { readKsmCounters, readKsmEvents } from '../../src/linux/ksm-counters.js'
import { replaceKsmSettings, writeKsmSettings } from '../../src/linux/ksm-settings.js'
import { readKsmStat } from '../../src/linux/ksm-stat.js'
import { until } from './kernel-ksm.js'
import type { KsmCase, KsmObservation, KsmStep } from './ksm-cases.js'

/** madvise(2): the pages are gone, and read as zeros. */
const MADV_DONTNEED = 4
const PAGE_WORDS = 1024
const PAGES_PER_WASM_PAGE = 16
/** How long ksmd sleeps after a full scan: time enough to stop it. */
const SLEEP_MS = 50
const ATTEMPTS = 5

/** Memory that ksmd may merge. There should be only one in a process: it stays mergeable as long as the process lives. */
export class MergeablePages {
  private readonly memory: WebAssembly.Memory
  private readonly words: Int32Array

  constructor(readonly pages: number) {
    const size = Math.ceil(pages / PAGES_PER_WASM_PAGE)
    this.memory = new WebAssembly.Memory({ initial: size, maximum: size, shared: true })
    this.words = new Int32Array(this.memory.buffer)
    madvise(this.memory, MADV_NOHUGEPAGE)
    madvise(this.memory, MADV_MERGEABLE)
  }

  /** Writes all of a page, which is backed by a frame of its own from then on: also a page of zeros. */
  write(page: number, content: number): void {
    this.words.fill(content, page * PAGE_WORDS, (page + 1) * PAGE_WORDS)
  }

  storeWord(page: number, value: number): void {
    this.words[page * PAGE_WORDS + 5] = value
  }

  /** No page is backed any more. */
  clear(): void {
    madvise(this.memory, MADV_DONTNEED)
  }
}

/**
 * KSM must be ours alone; its settings are changed, and not put back.
 * @returns what is seen after each step
 */
export async function playOnKernel(memory: MergeablePages, ksmCase: KsmCase): Promise<KsmObservation[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnKernel(memory, ksmCase)
    } catch (error) {
      if (!(error instanceof ScannedTooFar) || attempt === ATTEMPTS) throw error
    }
  }
}

/** The scanner began another scan before it could be stopped: the machine was too busy. */
class ScannedTooFar extends Error {}

async function attemptOnKernel(memory: MergeablePages, ksmCase: KsmCase): Promise<KsmObservation[]> {
  replaceKsmSettings({
    ...ksmCase.settings,
    advisor_mode: 'none',
    pages_to_scan: 2 * memory.pages,
    sleep_millisecs: SLEEP_MS,
    run: 0,
  })
  memory.clear()
  const firstPages = firstPagesOf(ksmCase.guests)
  ksmCase.guests.forEach((layout, guest) => {
    layout.forEach((content, ppn) => {
      memory.write(firstPages[guest]! + ppn, content)
    })
  })
  const before = observe()
  const observations: KsmObservation[] = []
  for (const step of ksmCase.steps) {
    await play(step, memory, firstPages)
    observations.push(since(before, observe()))
  }
  return observations
}

function firstPagesOf(guests: KsmCase['guests']): number[] {
  let pages = 0
  return guests.map(({ length }) => {
    pages += length
    return pages - length
  })
}

async function play(step: KsmStep, memory: MergeablePages, firstPages: readonly number[]): Promise<void> {
  if ('scan' in step) await scan(step.scan)
  else if ('unmerge' in step) writeKsmSettings({ run: 2 })
  else for (const { guest, ppn, content } of step.store) memory.write(firstPages[guest]! + ppn, content)
}

async function scan(fullScans: number): Promise<void> {
  const last = readCounters().full_scans + fullScans
  writeKsmSettings({ run: 1 })
  await until(`${last} full scans`, () => readCounters().full_scans >= last)
  writeKsmSettings({ run: 0 })
  const { full_scans, pages_scanned } = readCounters()
  if (full_scans !== last) throw new ScannedTooFar(`a scan after scan ${last} was not prevented`)
  await sleep(2 * SLEEP_MS)
  assert.equal(readCounters().pages_scanned, pages_scanned, 'the scanner rests')
}

function observe(): KsmObservation {
  const counters = readCounters()
  const { ksm_merge_any, ksm_mergeable, ...counts } = readKsmStat(process.pid)!
  const stat = counts as KsmStat
  const profit = generalProfit(counters.pages_sharing, counters.ksm_zero_pages, stat.ksm_rmap_items)
  assert.equal(counters.general_profit, profit, 'no other process has mergeable memory')
  return { counters, stat, cow_ksm: readKsmEvents().cow_ksm! }
}

/** takeKsm makes sure that this kernel has them all. */
function readCounters(): KernelKsmCounters {
  return readKsmCounters() as KernelKsmCounters
}

function since(before: KsmObservation, { counters, stat, cow_ksm }: KsmObservation): KsmObservation {
  const pages_scanned = counters.pages_scanned - before.counters.pages_scanned
  const pages_skipped = counters.pages_skipped - before.counters.pages_skipped
  return {
    counters: { ...counters, pages_scanned, pages_skipped },
    stat,
    cow_ksm: cow_ksm - before.cow_ksm,
  }
}
