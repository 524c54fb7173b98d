/** Why what could be saved is not (policy `tps`). Together they are opportunity − saved, to the page. */
import { REASON_NAMES } from '../charts/reason-names.js'
import { REASONS, type Reason } from '../experiment/reasons.js'
import type { Entry } from './entry.js'

const MEANINGS: Record<Reason, string> = {
  secondLook:
    'the page was scanned since its last store, and waits for its equal to be; or it was passed over because somebody held it',
  rateLimited:
    'the page was not scanned since its last store, nor would a scanner that keeps up with the asked rate have been there. In an unthrottled phase, which asks for no rate: the scanner has not come to it yet',
  starved:
    'the page was not scanned since its last store, but a scanner that keeps up with the asked rate would have been there: this one has lost pages for want of processor',
  ineligible: 'the page had the hash of other bytes (until its next store), or its guest has share: false',
  salted: 'the page is the only copy under its salt; other salts have copies',
}

export const REASON_ENTRIES: readonly Entry[] = REASONS.map((reason) => ({
  kind: 'reason',
  name: reason,
  aliases: [REASON_NAMES[reason], `notShared.${reason}`],
  meaning: MEANINGS[reason],
  unit: 'pages; in summary.json MiB',
  columns: [`notShared.${reason}Pages`],
  fields: [`phases[].notShared.${reason}MiB`],
  definedBy: reason === 'starved' ? 'src/experiment/scan-lag.ts' : 'src/experiment/not-shared.ts',
}))
