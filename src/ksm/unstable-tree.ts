/**
 * The pages that stayed unchanged for a while and matched nothing: KSM's unstable tree, a red-black tree by the pages'
 * bytes as they are now. It is emptied at the start of each full scan.
 *
 * Nobody keeps guests from storing to these pages, and then they stand in the wrong place: a search that comes by such a
 * page goes astray, and misses an equal page that is there. That is what the kernel's does, and what sharing is lost by
 * when contents change faster than they are scanned; a table by hash would find the page (docs/validity.md has the
 * difference). Balance rests on colours alone, so a tree out of order still is no deeper than another
 * (Linux 6.12–6.18, mm/ksm.c, unstable_tree_search_insert; lib/rbtree.c).
 *
 * Nodes are global page numbers. One more, `nil`, stands for every missing child, and for the parent of the root: that is
 * its left child.
 */

/** What `searchOrInsert` says instead of a page. */
export const INSERTED = -1
export const GAVE_UP = -2

/** A page in the tree that can't be compared with any more: it is not backed, or no candidate. */
export const UNMERGEABLE = 2

/** What a node takes. */
export const NODE_BYTES = 13

export class UnstableTree {
  private readonly nil: number
  private readonly left: Int32Array
  private readonly right: Int32Array
  private readonly parent: Int32Array
  /** 1: red. */
  private readonly red: Uint8Array

  constructor(
    pages: number,
    /** Below 0 if `page` is before `other` in the order of bytes, 0 if they are equal, 1 if after; or UNMERGEABLE. */
    private readonly order: (page: number, other: number) => number,
  ) {
    this.nil = pages
    this.left = new Int32Array(pages + 1)
    this.right = new Int32Array(pages + 1)
    this.parent = new Int32Array(pages + 1)
    this.red = new Uint8Array(pages + 1)
    this.clear()
  }

  clear(): void {
    this.left[this.nil] = this.nil
  }

  /**
   * Looks for a page that is equal to this one, which is not in the tree, and else takes this one in.
   * @returns the page; INSERTED; or GAVE_UP: the search came to a page that can't be compared with
   */
  searchOrInsert(page: number): number {
    let parent = this.nil
    let node = this.left[this.nil]!
    let order = -1
    while (node !== this.nil) {
      order = this.order(page, node)
      if (order === UNMERGEABLE) return GAVE_UP
      if (order === 0) return node
      parent = node
      node = order < 0 ? this.left[node]! : this.right[node]!
    }
    this.left[page] = this.nil
    this.right[page] = this.nil
    this.parent[page] = parent
    this.red[page] = 1
    if (order < 0) this.left[parent] = page
    else this.right[parent] = page
    this.rebalanceAfterInsert(page)
    return INSERTED
  }

  /** Takes out a page that is in the tree. */
  remove(page: number): void {
    const { left, right, parent, red, nil } = this
    let removedRed = red[page]
    let child: number
    if (left[page] === nil || right[page] === nil) {
      child = left[page] === nil ? right[page]! : left[page]!
      this.replace(page, child)
    } else {
      const next = this.leftmost(right[page]!)
      removedRed = red[next]
      child = right[next]!
      if (parent[next] === page) {
        parent[child] = next
      } else {
        this.replace(next, child)
        right[next] = right[page]!
        parent[right[next]!] = next
      }
      this.replace(page, next)
      left[next] = left[page]!
      parent[left[next]!] = next
      red[next] = red[page]!
    }
    if (removedRed === 0) this.rebalanceAfterRemove(child)
  }

  private leftmost(node: number): number {
    while (this.left[node] !== this.nil) node = this.left[node]!
    return node
  }

  /** Puts `other`, which may be nil, with all below it where `node` was. */
  private replace(node: number, other: number): void {
    const parent = this.parent[node]!
    if (this.left[parent] === node) this.left[parent] = other
    else this.right[parent] = other
    this.parent[other] = parent
  }

  private rebalanceAfterInsert(inserted: number): void {
    const { left, right, parent, red } = this
    let node = inserted
    while (red[parent[node]!] === 1) {
      const above = parent[node]!
      const grand = parent[above]!
      const isLeft = left[grand] === above
      const uncle = isLeft ? right[grand]! : left[grand]!
      if (red[uncle] === 1) {
        red[above] = 0
        red[uncle] = 0
        red[grand] = 1
        node = grand
        continue
      }
      if (node === (isLeft ? right[above] : left[above])) {
        node = above
        this.rotate(node, isLeft)
      }
      red[parent[node]!] = 0
      red[grand] = 1
      this.rotate(grand, !isLeft)
    }
    red[left[this.nil]!] = 0
  }

  /** A black node has gone from above `child`, which may be nil. */
  private rebalanceAfterRemove(child: number): void {
    const { left, right, parent, red } = this
    let node = child
    while (node !== left[this.nil] && red[node] === 0) {
      const above = parent[node]!
      const isLeft = left[above] === node
      let sibling = isLeft ? right[above]! : left[above]!
      if (red[sibling] === 1) {
        red[sibling] = 0
        red[above] = 1
        this.rotate(above, isLeft)
        sibling = isLeft ? right[above]! : left[above]!
      }
      if (red[left[sibling]!] === 0 && red[right[sibling]!] === 0) {
        red[sibling] = 1
        node = above
        continue
      }
      const far = isLeft ? right[sibling]! : left[sibling]!
      if (red[far] === 0) {
        red[isLeft ? left[sibling]! : right[sibling]!] = 0
        red[sibling] = 1
        this.rotate(sibling, !isLeft)
        sibling = isLeft ? right[above]! : left[above]!
      }
      red[sibling] = red[above]!
      red[above] = 0
      red[isLeft ? right[sibling]! : left[sibling]!] = 0
      this.rotate(above, isLeft)
      node = left[this.nil]!
    }
    red[node] = 0
  }

  /** Turns a node down to the left, or to the right, below the child on the other side. */
  private rotate(node: number, toLeft: boolean): void {
    const { parent, nil } = this
    const near = toLeft ? this.left : this.right
    const far = toLeft ? this.right : this.left
    const child = far[node]!
    const inner = near[child]!
    far[node] = inner
    if (inner !== nil) parent[inner] = node
    this.replace(node, child)
    near[child] = node
    parent[node] = child
  }
}
