/**
 * Another KSM, to compare policy `ksm` with: the rules of mm/ksm.c (Linux 6.12–6.18) on plain objects. Contents are values, so
 * there is no hash, no memory, and no order in which threads could meet. Only the unstable tree is the lab's own, which has its
 * tests: where a search goes astray depends on the tree's shape, and on the order of the pages' bytes.
 *
 * One thing is not the kernel's but the lab's: a stale node ends when its frame is shared anew, if not before; for that
 * alone the model is told which frame a page has.
 */
import assert from 'node:assert/strict'
import type { KsmCounters } from '../../src/ksm/counters.js'
import type { KsmRates } from '../../src/ksm/settings.js'
import { INSERTED, UNMERGEABLE, UnstableTree } from '../../src/ksm/unstable-tree.js'

/** What a page holds: two pages are equal if these are. */
export type Content = number

export const ZERO_CONTENT: Content = 0

export type ModelRates = Pick<KsmRates, 'run' | 'use_zero_pages' | 'smart_scan'>

interface Page {
  guest: number
  content: Content
  maps: 'nothing' | 'own frame' | 'zero page' | Node
  item: Item | undefined
}

/** struct ksm_rmap_item. */
interface Item {
  age: number
  skips: number
  /** No content: the item is new, and its checksum is nobody's. */
  checksum: Content | undefined
  tree: 'none' | 'unstable' | Node
}

/** struct ksm_stable_node. */
interface Node {
  content: Content
  frame: number
  items: Set<Item>
}

export type ModelCounters = Omit<KsmCounters, 'general_profit'>

export interface ModelStat {
  ksm_rmap_items: number
  ksm_zero_pages: number
  ksm_merging_pages: number
}

export class KsmModel {
  private readonly pages: Page[]
  /** The last one first. */
  private nodes: Node[] = []
  private readonly unstable: UnstableTree
  private rates: ModelRates = { run: 0, use_zero_pages: 0, smart_scan: 0 }
  /** The next page to look at, of a full scan and of an unmerge. */
  private next = 0
  private nextToUnmerge = 0
  private isUnmerged = false
  private pages_scanned = 0
  private pages_skipped = 0
  private full_scans = 0

  constructor(
    guests: readonly number[],
    private readonly max_page_sharing: number,
    private readonly frameOf: (page: number) => number,
    /** Of the bytes of two pages that have frames. */
    orderOf: (page: number, other: number) => number,
  ) {
    const pages = guests.reduce((sum, count) => sum + count)
    this.unstable = new UnstableTree(pages, (page, other) => {
      const { maps } = this.pages[other]!
      return maps === 'nothing' || maps === 'zero page' ? UNMERGEABLE : orderOf(page, other)
    })
    this.pages = guests.flatMap((pages, guest) =>
      Array.from({ length: pages }, (): Page => {
        return { guest, content: ZERO_CONTENT, maps: 'nothing', item: undefined }
      }),
    )
  }

  store(page: number, content: Content): void {
    Object.assign(this.pages[page]!, { content, maps: 'own frame' })
  }

  /** A load. */
  touch(page: number): void {
    const touched = this.pages[page]!
    if (touched.maps === 'nothing') touched.maps = 'own frame'
  }

  /** Of a page that has a frame of its own. */
  swapOut(page: number): void {
    this.pages[page]!.maps = 'nothing'
  }

  hasOwnFrame(page: number): boolean {
    return this.pages[page]!.maps === 'own frame'
  }

  enter(rates: ModelRates): void {
    this.rates = rates
    this.isUnmerged = false
    this.nextToUnmerge = 0
  }

  /** Comes to the next page that counts as scanned, or to the end of the full scan; or unmerges a page. */
  step(): void {
    if (this.rates.run === 1) this.scan()
    else if (this.rates.run === 2 && !this.isUnmerged) this.unmerge()
  }

  counters(): ModelCounters {
    const items = this.items()
    const pages_shared = this.nodes.length
    const pages_sharing = this.nodes.reduce((sum, node) => sum + node.items.size - 1, 0)
    const pages_unshared = items.filter(({ tree }) => tree === 'unstable').length
    return {
      pages_shared,
      pages_sharing,
      pages_unshared,
      pages_volatile: items.length - pages_shared - pages_sharing - pages_unshared,
      pages_scanned: this.pages_scanned,
      pages_skipped: this.pages_skipped,
      full_scans: this.full_scans,
      ksm_zero_pages: this.pages.filter(({ maps }) => maps === 'zero page').length,
    }
  }

  stat(guest: number): ModelStat {
    const pages = this.pages.filter((page) => page.guest === guest)
    const items = pages.flatMap(({ item }) => item ?? [])
    return {
      ksm_rmap_items: items.length,
      ksm_zero_pages: pages.filter(({ maps }) => maps === 'zero page').length,
      ksm_merging_pages: items.filter(({ tree }) => isNode(tree)).length,
    }
  }

  private items(): Item[] {
    return this.pages.flatMap(({ item }) => item ?? [])
  }

  private scan(): void {
    if (this.next === 0) this.unstable.clear()
    while (this.next < this.pages.length) if (this.visit(this.next++)) return
    this.next = 0
    this.full_scans++
  }

  /** True: the page counts as scanned. */
  private visit(number: number): boolean {
    const page = this.pages[number]!
    if (page.maps === 'nothing' || page.maps === 'zero page') {
      if (page.item !== undefined) this.leaveTree(page.item)
      page.item = undefined
      return false
    }
    page.item ??= { age: 0, skips: 0, checksum: undefined, tree: 'none' }
    if (this.rates.smart_scan === 1 && page.maps === 'own frame' && this.isSkipped(page.item)) {
      this.pages_skipped++
      this.leaveTree(page.item)
      return false
    }
    this.pages_scanned++
    if (page.maps === 'own frame') this.compareAndMerge(number, page, page.item)
    return true
  }

  /** should_skip_rmap_item. */
  private isSkipped(item: Item): boolean {
    const age = item.age
    item.age = Math.min(255, age + 1)
    if (age < 3) return false
    if (item.skips > 0) {
      item.skips--
      return true
    }
    item.skips = age <= 3 ? 1 : age <= 5 ? 2 : age <= 8 ? 4 : 8
    return false
  }

  /** cmp_and_merge_page. */
  private compareAndMerge(number: number, page: Page, item: Item): void {
    const frame = this.frameOf(number)
    this.leaveTree(item)
    if (item.checksum !== page.content) {
      item.checksum = page.content
      return
    }
    if (this.rates.use_zero_pages === 1 && page.content === ZERO_CONTENT) {
      if (this.pages.every(({ maps }) => maps !== 'zero page')) this.endNodeOf(frame)
      page.maps = 'zero page'
      return
    }
    const node = this.nodes.find((node) => this.isCandidate(node, page.content))
    if (node !== undefined) {
      this.append(page, item, node)
      return
    }
    const found = this.unstable.searchOrInsert(number)
    if (found === INSERTED) item.tree = 'unstable'
    if (found < 0) return
    const twin = this.pages[found]!
    assert.deepEqual([twin.content, twin.maps], [page.content, 'own frame'])
    this.endNodeOf(frame)
    const made: Node = { content: page.content, frame, items: new Set() }
    this.nodes.unshift(made)
    this.unstable.remove(found)
    this.append(twin, twin.item!, made)
    this.append(page, item, made)
  }

  /** is_page_sharing_candidate, of a node that is not stale. */
  private isCandidate(node: Node, content: Content): boolean {
    return node.content === content && node.items.size < this.max_page_sharing && !this.isStale(node)
  }

  private isStale(node: Node): boolean {
    return this.pages.every(({ maps }) => maps !== node)
  }

  /** stable_tree_append. */
  private append(page: Page, item: Item, node: Node): void {
    page.maps = node
    item.tree = node
    node.items.add(item)
  }

  /** remove_rmap_item_from_tree. */
  private leaveTree(item: Item): void {
    const node = item.tree
    item.tree = 'none'
    if (!isNode(node)) return
    if (this.isStale(node)) this.end(node)
    node.items.delete(item)
    if (node.items.size === 0) this.end(node)
  }

  /** remove_node_from_stable_tree. */
  private end(node: Node): void {
    for (const item of node.items) item.tree = 'none'
    this.nodes = this.nodes.filter((other) => other !== node)
  }

  private endNodeOf(frame: number): void {
    for (const node of this.nodes.filter((node) => node.frame === frame)) this.end(node)
  }

  /** unmerge_and_remove_all_rmap_items, a page at a time. */
  private unmerge(): void {
    const page = this.pages[this.nextToUnmerge++]
    if (page !== undefined) {
      if (page.maps !== 'nothing') page.maps = 'own frame'
      return
    }
    for (const page of this.pages) page.item = undefined
    this.nodes = []
    this.next = 0
    this.full_scans = 0
    this.isUnmerged = true
  }
}

function isNode(tree: Item['tree']): tree is Node {
  return typeof tree === 'object'
}
