/**
 * What must hold of a machine. At every moment, whoever is in the middle of whatever:
 *
 *   the frame that a PTE maps is not free
 *   the frame of an unlocked private PTE belongs to its page, and of no two private PTEs is it the same
 *   a frame has at least as many references as shared PTEs map it
 *
 * and when all threads have ended, all that the audit looks at; every page holds what its guest last wrote; and each free
 * frame can be had, once.
 */
import { freeFrameMap } from '../../src/machine/allocator.js'
import { FRAME_WORDS, ownedBy, STATE } from '../../src/machine/frames.js'
import type { MachineHandle } from '../../src/machine/machine.js'
import { LOCKED, mpnOf, PRESENT, SHARED } from '../../src/machine/pte.js'
import type { TestHost } from '../support/host.js'

/** What does not hold, or undefined. */
export function brokenNow({ ptes, frameTable, allocator, memory }: MachineHandle): string | undefined {
  const free = freeFrameMap(allocator)
  const shared = new Int32Array(memory.frames)
  const owned = new Int32Array(memory.frames)
  for (let page = 0; page < ptes.length; page++) {
    const pte = ptes[page]!
    if ((pte & PRESENT) === 0) continue
    const mpn = mpnOf(pte)
    if (mpn >= memory.frames) return `page ${page} maps MPN ${mpn}, which does not exist`
    if (free[mpn]! > 0) return `page ${page} maps MPN ${mpn}, which is free`
    const mappings = (pte & SHARED) !== 0 ? shared : owned
    mappings[mpn]! += 1
    const state = frameTable[mpn * FRAME_WORDS + STATE]!
    if ((pte & (SHARED | LOCKED)) === 0 && state !== ownedBy(page)) {
      return `page ${page} has MPN ${mpn} to itself, but its STATE is ${state}`
    }
  }
  for (let mpn = 0; mpn < memory.frames; mpn++) {
    if (owned[mpn]! > 1) return `MPN ${mpn} is private to ${owned[mpn]} pages`
    const state = frameTable[mpn * FRAME_WORDS + STATE]!
    if (shared[mpn]! > Math.max(0, state))
      return `MPN ${mpn} is mapped ${shared[mpn]} times, but STATE is ${state}`
  }
  return undefined
}

/** The same for a machine whose threads have ended, and for what their guests wrote. */
export function brokenAtEnd(host: TestHost): string | undefined {
  const audit = host.audit()
  if (audit.violations + audit.leakedFrames > 0) return audit.findings[0]
  return wrongBytes(host)[0] ?? lostFrames(host)
}

/** After a death: locks, references and frames that the dead thread had in hand are lost, and nothing else. */
export function brokenAfterDeath(host: TestHost): string | undefined {
  return brokenNow(host.handle) ?? wrongBytes(host).find((finding) => !finding.includes('locked'))
}

function wrongBytes(host: TestHost): string[] {
  return host.guests.flatMap((_, guest) => host.verify(guest).findings)
}

function lostFrames(host: TestHost): string | undefined {
  const free = host.freeFrames()
  const { allocator } = host.scannerView
  const had = new Set<number>()
  for (let mpn = allocator.allocate(); mpn >= 0 && had.size <= free; mpn = allocator.allocate()) had.add(mpn)
  return had.size === free ? undefined : `${free} frames are free, but ${had.size} can be had`
}
