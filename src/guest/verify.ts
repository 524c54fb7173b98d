/**
 * The last question to a guest: does every page hold exactly the bytes that you last wrote? Each page's digest is
 * computed from what it holds now, and compared with the one that the guest kept to itself.
 */
import type { PageVerification } from '../experiment/messages.js'
import type { GuestRam, PagesAtRest } from './ram.js'

/** Findings that are written out; the rest is only counted. */
const FINDINGS_MAX = 10

/** For a quiet machine only. `name` is the guest's. */
export function verifyPages(
  { pages, digests }: Pick<GuestRam, 'pages' | 'digests'>,
  atRest: PagesAtRest,
  name: string,
): PageVerification {
  const result: PageVerification = { pagesVerified: 0, mismatches: 0, findings: [] }
  for (let ppn = 0; ppn < pages; ppn++) {
    result.pagesVerified++
    if (atRest.digestOf(ppn) === digests[ppn]) continue
    result.mismatches++
    if (result.findings.length < FINDINGS_MAX) {
      result.findings.push(
        `guest ${name} PPN ${ppn} (${atRest.placeOf(ppn)}): holds bytes that its guest did not write`,
      )
    }
  }
  return result
}
