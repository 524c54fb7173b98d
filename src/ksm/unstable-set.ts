/**
 * The pages that stayed unchanged for a while and matched nothing: the kernel's unstable tree, as a hash table by
 * checksum. It is emptied at the start of each full scan. A page that has changed since it came in is still found under
 * its old checksum, and the comparison of the bytes tells. In the kernel such a page may be found by the bytes that it
 * holds now, or lead others astray: its tree is walked by what its pages hold.
 */
const NONE = -1

export class UnstableSet {
  private readonly heads: Int32Array
  private readonly next: Int32Array
  private readonly mask: number

  constructor(
    pages: number,
    /** By page: under which a page that is in the set is filed. It may not change while the page is. */
    private readonly checksums: Int32Array,
  ) {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(2, pages)))
    this.mask = buckets - 1
    this.heads = new Int32Array(buckets).fill(NONE)
    this.next = new Int32Array(pages)
  }

  clear(): void {
    this.heads.fill(NONE)
  }

  add(page: number): void {
    const bucket = this.checksums[page]! & this.mask
    this.next[page] = this.heads[bucket]!
    this.heads[bucket] = page
  }

  /** The page with this checksum that came in last, or before `after`; −1: there is none. */
  find(checksum: number, after = NONE): number {
    let page = after === NONE ? this.heads[checksum & this.mask]! : this.next[after]!
    while (page !== NONE && this.checksums[page] !== checksum) page = this.next[page]!
    return page
  }

  /** Takes out a page that is in the set. */
  remove(page: number): void {
    const bucket = this.checksums[page]! & this.mask
    if (this.heads[bucket] === page) {
      this.heads[bucket] = this.next[page]!
      return
    }
    let before = this.heads[bucket]!
    while (this.next[before] !== page) before = this.next[before]!
    this.next[before] = this.next[page]!
  }
}
