/** A sharing policy: what to do with one page. Scanner and reclaimer choose the page and know no policy by name. */
export interface Policy {
  /**
   * Visits one present page and shares it if it can. True: it was merged, and its frame is free.
   * @param page global page number; `guest` is the index of the guest that it belongs to
   * @param leaveHint whether a page that can't be shared now is remembered, to be found later
   */
  visit(page: number, guest: number, leaveHint: boolean): boolean
}
