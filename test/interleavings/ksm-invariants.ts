/**
 * What must hold of policy `ksm` when all threads have ended. At once: the counters say what the items do, and ksm_zero_pages is
 * how many pages map the zero page. After another full scan, in which nobody stores: the items say what the PTEs do. And after
 * some more: equal pages share as far as max_page_sharing lets them.
 */
import { ksmCountersOf } from '../../src/ksm/sample.js'
import { FRAME_WORDS, NEXT, STATE, UNLINKED } from '../../src/machine/frames.js'
import { mpnOf, PRESENT, SHARED } from '../../src/machine/pte.js'
import { counterRow, KSM, KSM_STAT } from '../../src/measure/counters.js'
import type { TestHost } from '../support/host.js'
import type { KsmScanner } from '../support/ksm-scanner.js'

/** As in src/ksm/rmap-items.ts. */
const STABLE = 2
const UNSTABLE = 4
const NONE = -1

/** Full scans after which equal pages share: one keeps a checksum, one merges, and one more where that had to wait. */
const SCANS_TO_SHARE = 3

/** What does not hold, or undefined. */
export function brokenKsmAtEnd(host: TestHost, ksm: KsmScanner): string | undefined {
  const atOnce = filedPrivateFrame(host) ?? wrongCounts(host, ksm) ?? wrongZeroPages(host, ksm)
  if (atOnce !== undefined) return atOnce
  ksm.fullScan()
  const afterScan = wrongCounts(host, ksm) ?? wrongZeroPages(host, ksm) ?? wrongItems(host, ksm)
  if (afterScan !== undefined) return `after another full scan: ${afterScan}`
  for (let scan = 0; scan < SCANS_TO_SHARE; scan++) ksm.fullScan()
  return wrongCounts(host, ksm) ?? wrongItems(host, ksm) ?? unsharedPages(host, ksm)
}

function filedPrivateFrame({ handle: { frameTable, memory } }: TestHost): string | undefined {
  for (let mpn = 0; mpn < memory.frames; mpn++) {
    const base = mpn * FRAME_WORDS
    if (frameTable[base + STATE]! <= 0 && frameTable[base + NEXT] !== UNLINKED)
      return `MPN ${mpn} is in the share table, but not shared`
  }
  return undefined
}

/** What items and nodes are, by their flags and by their lists, and what is counted of them. */
function wrongCounts({ handle, guests, counters }: TestHost, ksm: KsmScanner): string | undefined {
  const { flags, node, next, before, items, firstItem } = arraysOf(ksm)
  const listed = new Int32Array(handle.memory.frames)
  for (let mpn = 0; mpn < listed.length; mpn++) {
    let last = NONE
    for (let page = firstItem[mpn]!; page !== NONE; page = next[page]!) {
      if (node[page] !== mpn || (flags[page]! & STABLE) === 0 || before[page] !== last)
        return `the item of page ${page} is listed from the node of MPN ${mpn}, and does not say so`
      listed[mpn]! += 1
      last = page
    }
    if (listed[mpn] !== items[mpn])
      return `MPN ${mpn} has ${listed[mpn]} items, but ${items[mpn]} are counted`
    if (listed[mpn]! > ksm.settings.max_page_sharing) return `MPN ${mpn} has ${listed[mpn]} items: too many`
  }
  const nodes = listed.filter((count) => count > 0).length
  const stable = countOf(flags, (flag) => (flag & STABLE) !== 0)
  const rows: [string, number, number][] = [
    ['items', ksm.counters[KSM.rmapItems]!, countOf(flags, (flag) => flag !== 0)],
    ['pages_shared', ksm.counters[KSM.pages_shared]!, nodes],
    ['pages_sharing', ksm.counters[KSM.pages_sharing]!, stable - nodes],
    ['pages_unshared', ksm.counters[KSM.pages_unshared]!, countOf(flags, (flag) => (flag & UNSTABLE) !== 0)],
  ]
  guests.forEach(({ firstPage, pages, name }, guest) => {
    const row = counterRow(counters, guest)
    const own = flags.slice(firstPage, firstPage + pages)
    const merging = countOf(own, (flag) => (flag & STABLE) !== 0)
    rows.push([`ksm_merging_pages of ${name}`, row[KSM_STAT.ksm_merging_pages]!, merging])
    rows.push([
      `ksm_rmap_items of ${name}`,
      row[KSM_STAT.ksm_rmap_items]!,
      countOf(own, (flag) => flag !== 0),
    ])
  })
  const wrong = rows.find(([, counted, is]) => counted !== is)
  return wrong && `${wrong[0]} is counted as ${wrong[1]}, but is ${wrong[2]}`
}

/** A shared frame that has no node is the zero page. */
function wrongZeroPages({ handle, scannerView }: TestHost, ksm: KsmScanner): string | undefined {
  const { items } = arraysOf(ksm)
  let zeroPages = 0
  for (const [page, pte] of handle.ptes.entries()) {
    if ((pte & SHARED) === 0 || items[mpnOf(pte)]! > 0) continue
    if (!scannerView.kernels.isZero(mpnOf(pte))) return `page ${page} shares a frame that is listed nowhere`
    zeroPages++
  }
  const { ksm_zero_pages } = ksmCountersOf(ksm.counters, handle)
  return ksm_zero_pages === zeroPages
    ? undefined
    : `ksm_zero_pages is ${ksm_zero_pages}, but ${zeroPages} pages map the zero page`
}

/**
 * A page has a stable item if and only if it shares that frame. The zero page is no node: a page that maps it loses its
 * item when it is next met.
 */
function wrongItems({ handle }: TestHost, ksm: KsmScanner): string | undefined {
  const { flags, node, items } = arraysOf(ksm)
  for (const [page, pte] of handle.ptes.entries()) {
    const isStable = (flags[page]! & STABLE) !== 0
    const maps = (pte & SHARED) === 0 ? NONE : mpnOf(pte)
    const mapsZero = maps !== NONE && items[maps] === 0
    if (isStable !== (maps !== NONE && !mapsZero))
      return `page ${page} ${isStable ? 'has' : 'has not'} a stable item, and its PTE says otherwise`
    if (isStable && node[page] !== maps) return `page ${page} is listed from another frame than it shares`
    if (flags[page] !== 0 && (pte & PRESENT) === 0) return `page ${page} has an item, but no frame`
  }
  return undefined
}

/** One page of a content may be alone, if all frames of that content are full. */
function unsharedPages({ handle, guests, scannerView }: TestHost, ksm: KsmScanner): string | undefined {
  const { max_page_sharing, use_zero_pages } = ksm.settings
  const { items } = arraysOf(ksm)
  const alone = new Map<number, number>()
  const withRoom = new Map<number, number>()
  for (const { mmu } of guests) {
    for (let ppn = 0; ppn < mmu.pages; ppn++) {
      const page = mmu.firstPage + ppn
      const pte = handle.ptes[page]!
      if ((pte & PRESENT) === 0) continue
      const mpn = mpnOf(pte)
      const digest = mmu.digests[ppn]!
      if ((pte & SHARED) === 0) {
        if (use_zero_pages === 1 && scannerView.kernels.isZero(mpn))
          return `page ${page} is zero, but never comes to map the zero page`
        if (alone.has(digest))
          return `pages ${alone.get(digest)} and ${page} are equal, but never come to share`
        alone.set(digest, page)
      } else if (items[mpn]! > 0 && items[mpn]! < max_page_sharing) {
        withRoom.set(digest, mpn)
      }
    }
  }
  for (const [digest, page] of alone) {
    if (withRoom.has(digest))
      return `page ${page} is equal to MPN ${withRoom.get(digest)}, but never shares it`
  }
  return undefined
}

function countOf(flags: Uint8Array, is: (flag: number) => boolean): number {
  return flags.reduce((count, flag) => count + (is(flag) ? 1 : 0), 0)
}

interface ItemArrays {
  flags: Uint8Array
  node: Int32Array
  next: Int32Array
  before: Int32Array
  items: Int32Array
  firstItem: Int32Array
}

function arraysOf(ksm: KsmScanner): ItemArrays {
  return ksm.items as unknown as ItemArrays
}
