/** What the reasons for which memory is not shared are called where people read them. */
import type { Reason } from '../experiment/reasons.js'

export const REASON_NAMES: Record<Reason, string> = {
  secondLook: 'second look',
  rateLimited: 'rate limited',
  starved: 'starved',
  ineligible: 'ineligible',
  salted: 'salted apart',
}
