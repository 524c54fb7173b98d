/**
 * What must hold of a machine. At every moment, whoever is in the middle of whatever:
 *
 *   the frame that a PTE maps is not free
 *   the frame of an unlocked private PTE belongs to its page, and of no two private PTEs is it the same
 *   a frame has at least as many references as shared PTEs map it, and those are read-only
 *   a free frame is free once, belongs to nobody, and is not in the share table
 *   of a hinted page that nobody acts on the frame is in the share table; shared and absent pages bear no marks
 *
 * and when all threads have ended, all that the audit looks at; no bucket is locked; every page holds what its guest last
 * wrote, and what its tag says; each free frame can be had, once; and what the policy promises. Of `tps`: no two entries
 * wait for the same page; the frame of a hinted page is filed under the hash of its bytes; a scanner that goes on makes
 * equal pages share one frame in one pass, so nothing that was left behind is in its way. Of `ksm`: see ksm-invariants.ts.
 */
import { freeFrameMap } from '../../src/machine/allocator.js'
import {
  FRAME_WORDS,
  FREE_STATE,
  HASH_HIGH,
  HASH_LOW,
  NEXT,
  ownedBy,
  STATE,
  UNLINKED,
} from '../../src/machine/frames.js'
import { type MachineHandle, UNIQUE_TAG } from '../../src/machine/machine.js'
import {
  HINTED,
  INELIGIBLE,
  LOCKED,
  mpnOf,
  PRESENT,
  SHARED,
  UNTOUCHED,
  WRITABLE,
} from '../../src/machine/pte.js'
import type { TestHost } from '../support/host.js'
import { brokenKsmAtEnd } from './ksm-invariants.js'

/** What only a private page's PTE may say. */
const MARKS = INELIGIBLE | UNTOUCHED | HINTED

/** What does not hold, or undefined. */
export function brokenNow({ ptes, frameTable, allocator, memory }: MachineHandle): string | undefined {
  const free = freeFrameMap(allocator)
  const shared = new Int32Array(memory.frames)
  const owned = new Int32Array(memory.frames)
  for (let page = 0; page < ptes.length; page++) {
    const pte = ptes[page]!
    if ((pte & MARKS) !== 0 && (pte & WRITABLE) === 0) return `page ${page} is not private, but bears marks`
    if ((pte & PRESENT) === 0) continue
    const mpn = mpnOf(pte)
    if (mpn >= memory.frames) return `page ${page} maps MPN ${mpn}, which does not exist`
    if (free[mpn]! > 0) return `page ${page} maps MPN ${mpn}, which is free`
    if ((pte & SHARED) !== 0 && (pte & WRITABLE) !== 0)
      return `page ${page} shares MPN ${mpn}, but is writable`
    const mappings = (pte & SHARED) !== 0 ? shared : owned
    mappings[mpn]! += 1
    const state = frameTable[mpn * FRAME_WORDS + STATE]!
    if ((pte & (SHARED | LOCKED)) === 0 && state !== ownedBy(page)) {
      return `page ${page} has MPN ${mpn} to itself, but its STATE is ${state}`
    }
    if ((pte & (HINTED | LOCKED)) === HINTED && frameTable[mpn * FRAME_WORDS + NEXT] === UNLINKED) {
      return `page ${page} is hinted, but MPN ${mpn} is not in the share table`
    }
  }
  for (let mpn = 0; mpn < memory.frames; mpn++) {
    if (owned[mpn]! > 1) return `MPN ${mpn} is private to ${owned[mpn]} pages`
    const state = frameTable[mpn * FRAME_WORDS + STATE]!
    if (shared[mpn]! > Math.max(0, state))
      return `MPN ${mpn} is mapped ${shared[mpn]} times, but STATE is ${state}`
    if (free[mpn] === 0) continue
    if (free[mpn]! > 1) return `MPN ${mpn} is free twice`
    if (state !== FREE_STATE) return `MPN ${mpn} is free, but STATE is ${state}`
    if (frameTable[mpn * FRAME_WORDS + NEXT] !== UNLINKED) return `MPN ${mpn} is free, but in the share table`
  }
  return undefined
}

/** The same for a machine whose threads have ended, and for what their guests wrote. */
export function brokenAtEnd(host: TestHost, hashesAreEqual: boolean): string | undefined {
  const audit = host.audit()
  if (audit.violations + audit.leakedFrames > 0) return audit.findings[0]
  return (
    lockedBucket(host.handle) ??
    wrongHash(host) ??
    wrongBytes(host)[0] ??
    wrongTags(host) ??
    (host.ksm === undefined ? brokenTpsAtEnd(host, hashesAreEqual) : brokenKsmAtEnd(host, host.ksm)) ??
    lostFrames(host)
  )
}

function brokenTpsAtEnd(host: TestHost, hashesAreEqual: boolean): string | undefined {
  return sameHash(host.handle) ?? wrongHint(host) ?? unsharedPages(host, hashesAreEqual)
}

/** After a death: locks, references and frames that the dead thread had in hand are lost, and nothing else. */
export function brokenAfterDeath(host: TestHost): string | undefined {
  return (
    brokenNow(host.handle) ??
    wrongHint(host) ??
    wrongBytes(host).find((finding) => !finding.includes('locked'))
  )
}

function wrongBytes(host: TestHost): string[] {
  return host.guests.flatMap((_, guest) => host.verify(guest).findings)
}

function lockedBucket({ buckets }: MachineHandle): string | undefined {
  const bucket = buckets.findIndex((head) => (head & 1) !== 0)
  return bucket < 0 ? undefined : `bucket ${bucket} was left locked`
}

/** Of two live entries with the same hash the second would never be found. */
function sameHash({ frameTable, memory }: MachineHandle): string | undefined {
  const mpnOfHash = new Map<string, number>()
  for (let mpn = 0; mpn < memory.frames; mpn++) {
    const base = mpn * FRAME_WORDS
    if (frameTable[base + NEXT] === UNLINKED) continue
    const hash = `${frameTable[base + HASH_LOW]} ${frameTable[base + HASH_HIGH]}`
    const other = mpnOfHash.get(hash)
    if (other !== undefined) return `MPN ${other} and MPN ${mpn} are both filed under the hash ${hash}`
    mpnOfHash.set(hash, mpn)
  }
  return undefined
}

/** A shared frame is filed under the hash of its bytes. */
function wrongHash(host: TestHost): string | undefined {
  const { frameTable, memory } = host.handle
  for (let mpn = 0; mpn < memory.frames; mpn++) {
    if (frameTable[mpn * FRAME_WORDS + STATE]! > 0 && !isFiledUnderItsHash(host, mpn))
      return `MPN ${mpn} is shared, but filed under a hash that its bytes have not`
  }
  return undefined
}

/** So is that of a hinted page that nobody acts on. */
function wrongHint(host: TestHost): string | undefined {
  const { ptes } = host.handle
  const page = ptes.findIndex(
    (pte) => (pte & (HINTED | LOCKED)) === HINTED && !isFiledUnderItsHash(host, mpnOf(pte)),
  )
  return page < 0 ? undefined : `page ${page} is hinted, but filed under a hash that its bytes have not`
}

function isFiledUnderItsHash({ handle, scannerView }: TestHost, mpn: number): boolean {
  const { kernels } = scannerView
  const base = mpn * FRAME_WORDS
  kernels.hash(mpn)
  return (
    kernels.hashLow === handle.frameTable[base + HASH_LOW] &&
    kernels.hashHigh === handle.frameTable[base + HASH_HIGH]
  )
}

/** Pages whose tags say that they hold the same hold the same. */
function wrongTags({ handle, guests }: TestHost): string | undefined {
  const digestOfTag = new Map<number, number>()
  for (const { mmu, name } of guests) {
    for (let ppn = 0; ppn < mmu.pages; ppn++) {
      const tag = handle.tags[mmu.firstPage + ppn]!
      const digest = digestOfTag.get(tag) ?? mmu.digests[ppn]!
      if (tag !== UNIQUE_TAG && digest !== mmu.digests[ppn])
        return `guest ${name} PPN ${ppn}: its tag is wrong`
      digestOfTag.set(tag, digest)
    }
  }
  return undefined
}

/** A scanner goes on, alone, for a pass: then pages that hold the same share a frame, all but those of a false match. */
function unsharedPages(host: TestHost, hashesAreEqual: boolean): string | undefined {
  const { ptes } = host.handle
  host.pass()
  const pageOfDigest = new Map<number, number>()
  for (const { mmu } of host.guests) {
    for (let ppn = 0; ppn < mmu.pages; ppn++) {
      const page = mmu.firstPage + ppn
      const pte = ptes[page]!
      if ((pte & PRESENT) === 0) continue
      if ((pte & INELIGIBLE) !== 0) {
        if (!hashesAreEqual) return `page ${page} is ineligible, but there was no false match`
        continue
      }
      const digest = mmu.digests[ppn]!
      const other = pageOfDigest.get(digest) ?? page
      if (mpnOf(ptes[other]!) !== mpnOf(pte))
        return `pages ${other} and ${page} are equal, but never come to share`
      pageOfDigest.set(digest, other)
    }
  }
  return undefined
}

function lostFrames(host: TestHost): string | undefined {
  const free = host.freeFrames()
  const { allocator } = host.scannerView
  const had = new Set<number>()
  for (let mpn = allocator.allocate(); mpn >= 0 && had.size <= free; mpn = allocator.allocate()) had.add(mpn)
  return had.size === free ? undefined : `${free} frames are free, but ${had.size} can be had`
}
