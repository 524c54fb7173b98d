/**
 * The audit of a quiet machine: truths that hold whenever no thread is acting, whatever happened before.
 *
 *   every PTE is unlocked; a present one maps a frame that exists
 *   a private PTE is writable, and its frame belongs to that page alone
 *   a shared PTE is read-only, and its frame is a shared one
 *   references of a shared frame = PTEs that map it; a frame in use is mapped; a free frame is not
 *   free + used = all
 *   the share table names live frames only, each once, every shared frame is in it, and none of its buckets is locked
 */
import { countFreeFrames, freeFrameMap } from './allocator.js'
import { FRAME_WORDS, FREE_STATE, ownedBy, ownerOf, STATE } from './frames.js'
import type { MachineHandle } from './machine.js'
import { LOCKED, mpnOf, PRESENT, SHARED, WRITABLE } from './pte.js'
import { ShareTable } from './share-table.js'

const FINDINGS_MAX = 10
const NOBODY = -1

export interface AuditReport {
  /** Frames in use that no page maps, or neither in use nor free. */
  leakedFrames: number
  /** Anything else that does not hold. */
  violations: number
  /** The first few findings, one line each. */
  findings: string[]
}

/** @param nameOf names a global page for the findings, as `guest NAME PPN n` */
export function auditMachine(handle: MachineHandle, nameOf: (page: number) => string): AuditReport {
  return new Audit(handle, nameOf).run()
}

class Audit {
  private readonly report: AuditReport = { leakedFrames: 0, violations: 0, findings: [] }
  private readonly mappings: Int32Array
  /** One page that maps each frame, to name it by. */
  private readonly mappedBy: Int32Array
  private readonly free: Uint8Array

  constructor(
    private readonly handle: MachineHandle,
    private readonly nameOf: (page: number) => string,
  ) {
    this.mappings = new Int32Array(handle.memory.frames)
    this.mappedBy = new Int32Array(handle.memory.frames).fill(NOBODY)
    this.free = freeFrameMap(handle.allocator)
  }

  run(): AuditReport {
    for (let page = 0; page < this.handle.ptes.length; page++) this.checkPte(page, this.handle.ptes[page]!)
    for (let mpn = 0; mpn < this.handle.memory.frames; mpn++) this.checkFrame(mpn, this.stateOf(mpn))
    this.checkShareTable()
    this.checkFreeCount()
    return this.report
  }

  private checkPte(page: number, pte: number): void {
    if ((pte & LOCKED) !== 0) this.violation(page, 'its PTE was left locked')
    if ((pte & PRESENT) === 0) return
    const mpn = mpnOf(pte)
    if (mpn >= this.handle.memory.frames) {
      this.violation(page, `maps MPN ${mpn}, which does not exist`)
      return
    }
    this.mappings[mpn]! += 1
    this.mappedBy[mpn] = page
    const state = this.stateOf(mpn)
    if ((pte & SHARED) !== 0) {
      if ((pte & WRITABLE) !== 0) this.violation(page, `shares MPN ${mpn}, but its PTE is writable`)
      if (state <= 0) this.violation(page, `shares MPN ${mpn}, which is not a shared frame`)
    } else {
      if ((pte & WRITABLE) === 0) this.violation(page, `has MPN ${mpn} to itself, but its PTE is read-only`)
      if (state !== ownedBy(page)) this.violation(page, `maps MPN ${mpn} as its own, which it is not`)
    }
  }

  private checkFrame(mpn: number, state: number): void {
    const mapped = this.mappings[mpn]!
    const free = this.free[mpn]!
    if (free > 1) this.frameViolation(mpn, 'is free twice')
    if (state === FREE_STATE) {
      if (free === 0) this.leak(mpn, 'is neither in use nor free')
      return
    }
    if (free > 0) this.frameViolation(mpn, 'is in use and free at once')
    if (mapped === 0)
      this.leak(mpn, state > 0 ? `has ${state} references, but no page maps it` : this.orphan(state))
    else if (state > 0 && state !== mapped) {
      this.frameViolation(mpn, `has ${state} references, but ${mapped} pages map it`)
    }
  }

  private orphan(state: number): string {
    return `belongs to ${this.nameOf(ownerOf(state))}, which does not map it`
  }

  private checkShareTable(): void {
    const seen = new Uint8Array(this.handle.memory.frames)
    const table = new ShareTable(this.handle.buckets, this.handle.frameTable)
    table.forEachEntry((mpn) => this.checkEntry(mpn, seen))
    for (let left = table.countLocked(); left > 0; left--)
      this.violate('a bucket of the share table was left locked')
    for (let mpn = 0; mpn < seen.length; mpn++) {
      if (seen[mpn] === 0 && this.stateOf(mpn) > 0)
        this.frameViolation(mpn, 'is shared, but not in the share table')
    }
  }

  /** False: its chain can't be followed any further. */
  private checkEntry(mpn: number, seen: Uint8Array): boolean {
    if (mpn < 0 || mpn >= seen.length) {
      this.violate('a chain of the share table ends in no frame')
      return false
    }
    if (seen[mpn] !== 0) {
      this.frameViolation(mpn, 'is in the share table twice')
      return false
    }
    seen[mpn] = 1
    if (this.stateOf(mpn) === FREE_STATE) this.frameViolation(mpn, 'is free, but in the share table')
    return true
  }

  private checkFreeCount(): void {
    const free = this.free.reduce((sum, times) => sum + times, 0)
    const counted = countFreeFrames(this.handle.allocator)
    if (counted !== free) this.violate(`${free} frames are free, but ${counted} are counted as free`)
  }

  private stateOf(mpn: number): number {
    return this.handle.frameTable[mpn * FRAME_WORDS + STATE]!
  }

  private violation(page: number, what: string): void {
    this.violate(`${this.nameOf(page)}: ${what}`)
  }

  private frameViolation(mpn: number, what: string): void {
    this.violate(`MPN ${mpn}${this.mapper(mpn)}: ${what}`)
  }

  private violate(finding: string): void {
    this.report.violations++
    this.find(finding)
  }

  private leak(mpn: number, what: string): void {
    this.report.leakedFrames++
    this.find(`MPN ${mpn}: ${what}`)
  }

  private mapper(mpn: number): string {
    const page = this.mappedBy[mpn]!
    return page === NOBODY ? '' : ` (mapped by ${this.nameOf(page)})`
  }

  private find(finding: string): void {
    if (this.report.findings.length < FINDINGS_MAX) this.report.findings.push(finding)
  }
}
