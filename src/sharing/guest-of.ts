/** Which guest a page is of. */
import type { GuestPages } from '../experiment/messages.js'

/** @param guests in the order of their pages; `page` is a global page number */
export function guestOf(guests: readonly Pick<GuestPages, 'firstPage'>[], page: number): number {
  let guest = guests.length - 1
  while (guests[guest]!.firstPage > page) guest--
  return guest
}
