/**
 * The races of policy `ksm`. The scanner visits pages in the order in which it would, guest after guest. A page is met twice
 * before it can merge: the set-up of a race has had the first visits, and begun the scan that is under way.
 */
import type { TestHost } from '../support/host.js'
import type { KsmScanner, KsmScannerSettings } from '../support/ksm-scanner.js'
import {
  beginFullScan,
  fill,
  guest,
  hold,
  hypervisor,
  load,
  type Race,
  reclaim,
  store,
  swapOut,
  unmerge,
  visit,
  zero,
} from './race.js'

const CONTENT = 4
const OTHER = 5
const WORD = 7
/** In the other half of a page. */
const FAR_WORD = 900

const two = hypervisor(2)
const three = hypervisor(3)
const four = hypervisor(4)
const five = hypervisor(5)

const plain: KsmScannerSettings = { use_zero_pages: 0, max_page_sharing: 256, smart_scan: 0 }
const withZeroPage: KsmScannerSettings = { ...plain, use_zero_pages: 1 }
/** A third page needs another frame. */
const pairs: KsmScannerSettings = { ...plain, max_page_sharing: 2 }

function scannerOf(host: TestHost): KsmScanner {
  return host.ksm!
}

/** Visits the first page of a guest, in the scan that is under way. */
function visitFirst(host: TestHost, guest: number): void {
  scannerOf(host).policy.visit(host.page(guest, 0))
}

/** All these guests' first pages hold the same, and share frames. */
function share(host: TestHost, guests: readonly number[], content = CONTENT): void {
  for (const guest of guests) hold(host, guest, 0, content)
  for (let scan = 0; scan < 2; scan++) scannerOf(host).fullScan()
}

/** The first pages of these guests hold the same, have been met, and the next scan has begun. */
function met(host: TestHost, guests: readonly number[]): void {
  for (const guest of guests) hold(host, guest, 0, CONTENT)
  scannerOf(host).fullScan()
  scannerOf(host).policy.beginFullScan()
}

/** The first pages of guests 0 and 1 are equal; that of guest 0 is in the unstable set. The first frame is that of guest 1. */
function paired(host: TestHost): void {
  met(host, [1, 0])
  visitFirst(host, 0)
}

/** The first pages of guests 0 and 1 share a frame, and that of guest 2 is equal. */
function sharedButLast(host: TestHost): void {
  share(host, [0, 1])
  met(host, [2])
}

/** Of guests 0 and 1, which shared a frame, the first has the last reference; the first page of guest 2 is equal. */
function lastReference(host: TestHost): void {
  share(host, [0, 1])
  hold(host, 1, 0, OTHER)
  met(host, [2])
}

/** The first pages of these guests are zero, and have been met; the next scan has begun. */
function zeros(host: TestHost, guests: readonly number[]): void {
  for (const guest of guests) host.guests[guest]!.mmu.zero(0)
  scannerOf(host).fullScan()
  scannerOf(host).policy.beginFullScan()
}

export const ksmRaces: Race[] = [
  {
    name: 'ksm-store-join',
    row: 'ksm: store or load × merge',
    host: { frames: 5, guests: [1, 1, 1], ksm: plain },
    setUp: sharedButLast,
    actors: [three.scanner(visit(2, 0)), guest(2, store(0, WORD, 77), load(0, WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'ksm-store-merge-page',
    row: 'ksm: store or load × merge',
    host: { frames: 4, guests: [1, 1], ksm: plain },
    setUp: paired,
    actors: [two.scanner(visit(1, 0)), guest(1, store(0, WORD, 77), load(0, WORD, 77))],
  },
  {
    name: 'ksm-store-merge-other',
    row: 'ksm: store or load × merge',
    host: { frames: 4, guests: [1, 1], ksm: plain },
    setUp: paired,
    actors: [two.scanner(visit(1, 0)), guest(0, store(0, FAR_WORD, 77), load(0, FAR_WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'ksm-store-store-merge',
    row: 'ksm: store or load × merge',
    host: { frames: 4, guests: [1, 1], ksm: plain },
    setUp: paired,
    actors: [two.scanner(visit(1, 0)), guest(0, store(0, WORD, 77)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'ksm-load-merge',
    row: 'ksm: store or load × merge',
    host: { frames: 3, guests: [1, 1, 1], ksm: plain },
    setUp: (host) => {
      for (const guest of [0, 1]) {
        hold(host, guest, 0, CONTENT)
        host.guests[guest]!.mmu.store(0, WORD, Int32Array.of(77), 1)
      }
      scannerOf(host).fullScan()
      scannerOf(host).policy.beginFullScan()
      visitFirst(host, 0)
    },
    actors: [three.scanner(visit(1, 0)), guest(0, load(0, WORD, 77)), guest(2, fill(0, OTHER))],
  },
  {
    name: 'ksm-fill-merge',
    row: 'ksm: store or load × merge',
    host: { frames: 4, guests: [1, 1], ksm: plain },
    setUp: paired,
    actors: [two.scanner(visit(1, 0)), guest(0, fill(0, OTHER), fill(0, CONTENT))],
  },
  {
    name: 'ksm-first-touch-scan',
    row: 'ksm: store or load × merge',
    host: { frames: 5, guests: [1, 1, 1], ksm: plain },
    setUp: (host) => share(host, [0, 1]),
    actors: [three.scanner(visit(2, 0), beginFullScan, visit(2, 0)), guest(2, fill(0, CONTENT))],
  },
  {
    name: 'ksm-cow-join',
    row: 'ksm: CoW × join',
    host: { frames: 5, guests: [1, 1, 1], ksm: plain },
    setUp: sharedButLast,
    actors: [three.scanner(visit(2, 0)), guest(0, store(0, WORD, 77), load(0, WORD, 77))],
  },
  {
    name: 'ksm-last-drop-join',
    row: 'ksm: CoW × join',
    host: { frames: 5, guests: [1, 2, 1], ksm: plain },
    setUp: lastReference,
    actors: [three.scanner(visit(2, 0)), guest(0, store(0, WORD, 77)), guest(1, fill(1, CONTENT))],
  },
  {
    name: 'ksm-zero-store',
    row: 'ksm: zero page',
    host: { frames: 4, guests: [1, 1], ksm: withZeroPage },
    setUp: (host) => zeros(host, [0, 1]),
    actors: [two.scanner(visit(0, 0), visit(1, 0)), guest(0, store(0, FAR_WORD, 77), load(0, FAR_WORD, 77))],
  },
  {
    name: 'ksm-zero-join-store',
    row: 'ksm: zero page',
    host: { frames: 4, guests: [1, 1], ksm: withZeroPage },
    setUp: (host) => {
      zeros(host, [0, 1])
      visitFirst(host, 0)
    },
    actors: [two.scanner(visit(1, 0)), guest(0, store(0, WORD, 77)), guest(1, store(0, FAR_WORD, 77))],
  },
  {
    name: 'ksm-zero-join-load',
    row: 'ksm: zero page',
    host: { frames: 3, guests: [1, 1, 1], ksm: withZeroPage },
    setUp: (host) => {
      zeros(host, [0, 1])
      visitFirst(host, 0)
    },
    actors: [three.scanner(visit(1, 0)), guest(1, load(0, WORD, 0)), guest(2, fill(0, OTHER))],
  },
  {
    name: 'ksm-zero-frame-reused',
    row: 'ksm: zero page',
    host: { frames: 4, guests: [1, 1, 1], ksm: withZeroPage },
    setUp: (host) => {
      // It has the first frame, which is the first to be handed out again.
      zeros(host, [0])
      visitFirst(host, 0)
      met(host, [1])
    },
    actors: [
      three.scanner(visit(1, 0), visit(2, 0), beginFullScan, visit(1, 0), visit(2, 0)),
      guest(0, fill(0, OTHER)),
      guest(2, fill(0, CONTENT)),
    ],
  },
  {
    name: 'ksm-zero-frame-zero-again',
    row: 'ksm: zero page',
    host: { frames: 3, guests: [1, 1], ksm: withZeroPage },
    setUp: (host) => {
      zeros(host, [0])
      visitFirst(host, 0)
    },
    actors: [
      two.scanner(visit(1, 0), beginFullScan, visit(0, 0), visit(1, 0)),
      guest(0, fill(0, OTHER)),
      guest(1, zero(0)),
    ],
  },
  {
    name: 'ksm-full-frame',
    row: 'ksm: several frames of one content',
    host: { frames: 6, guests: [1, 1, 1, 1], ksm: pairs },
    setUp: (host) => {
      share(host, [0, 1])
      met(host, [2, 3])
      // The scanner does not know it yet: by its account the frame is full.
      hold(host, 1, 0, OTHER)
      visitFirst(host, 2)
    },
    actors: [four.scanner(visit(3, 0)), guest(0, store(0, WORD, 77))],
  },
  {
    name: 'ksm-frame-with-room',
    row: 'ksm: several frames of one content',
    host: { frames: 7, guests: [1, 1, 1, 1, 1], ksm: pairs },
    setUp: (host) => {
      share(host, [0, 1, 2, 3])
      hold(host, 0, 0, OTHER)
      met(host, [4])
    },
    actors: [five.scanner(visit(4, 0)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'ksm-chain-remove-first',
    row: 'ksm: several frames of one content',
    host: { frames: 8, guests: [1, 1, 1, 1, 1, 1], ksm: pairs },
    setUp: (host) => {
      share(host, [0, 1, 2, 3])
      met(host, [4, 5])
      // Of a frame that is full, too, by the scanner's account, and comes first in the chain.
      hold(host, 3, 0, OTHER)
      visitFirst(host, 4)
    },
    actors: [hypervisor(6).scanner(visit(5, 0)), guest(2, store(0, WORD, 77))],
  },
  {
    name: 'ksm-stale-node',
    row: 'ksm: stale node',
    host: { frames: 4, guests: [1, 1], ksm: plain },
    setUp: (host) => {
      share(host, [0, 1])
      hold(host, 0, 0, OTHER)
      scannerOf(host).policy.beginFullScan()
    },
    actors: [two.scanner(visit(0, 0), visit(1, 0)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'ksm-stale-node-shared-anew',
    row: 'ksm: stale node',
    host: { frames: 5, guests: [1, 1, 1, 1], ksm: pairs },
    setUp: (host) => {
      share(host, [0, 1])
      share(host, [2, 3], OTHER)
      // Its checksum is what it was, and it will be equal to that of guest 1, which takes the frame that guests 2 and 3 left.
      hold(host, 0, 0, CONTENT)
      for (const guest of [2, 3]) hold(host, guest, 0, CONTENT)
      scannerOf(host).policy.beginFullScan()
    },
    actors: [four.scanner(visit(0, 0), visit(1, 0)), guest(1, fill(0, CONTENT))],
  },
  {
    name: 'ksm-unmerge-store',
    row: 'ksm: unmerge',
    host: { frames: 4, guests: [1, 1], ksm: plain },
    setUp: (host) => share(host, [0, 1]),
    actors: [two.scanner(unmerge), guest(0, store(0, WORD, 77), load(0, WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'ksm-unmerge-store-reuse',
    row: 'ksm: unmerge',
    host: { frames: 5, guests: [1, 1, 1], ksm: plain },
    setUp: (host) => {
      share(host, [0, 1])
      hold(host, 1, 0, OTHER)
    },
    actors: [three.scanner(unmerge), guest(0, store(0, WORD, 77)), guest(2, fill(0, CONTENT))],
  },
  {
    name: 'ksm-unmerge-load-no-frame',
    row: 'ksm: unmerge',
    host: { frames: 3, guests: [1, 1, 1], ksm: plain },
    setUp: (host) => {
      for (const guest of [0, 1]) {
        hold(host, guest, 0, CONTENT)
        host.guests[guest]!.mmu.store(0, WORD, Int32Array.of(77), 1)
      }
      for (let scan = 0; scan < 2; scan++) scannerOf(host).fullScan()
    },
    actors: [three.scanner(unmerge), guest(0, load(0, WORD, 77)), guest(2, fill(0, OTHER))],
  },
  {
    name: 'ksm-unmerge-swap-out',
    row: 'ksm: unmerge',
    host: { frames: 3, guests: [1, 1, 1], ksm: plain, swap: true },
    setUp: (host) => {
      share(host, [0, 1])
      hold(host, 2, 0, OTHER)
    },
    actors: [three.scanner(unmerge, unmerge), three.other(reclaim(2, 0), reclaim(0, 0))],
  },
  {
    name: 'ksm-swap-out-join',
    row: 'ksm: swap-out × merge',
    host: { frames: 4, guests: [1, 1, 1], ksm: plain, swap: true },
    setUp: sharedButLast,
    actors: [three.scanner(visit(2, 0)), three.other(reclaim(2, 0)), guest(2, store(0, WORD, 77))],
  },
  {
    name: 'ksm-swap-out-merge',
    row: 'ksm: swap-out × merge',
    host: { frames: 3, guests: [1, 1], ksm: plain, swap: true },
    setUp: paired,
    actors: [two.scanner(visit(1, 0)), two.other(reclaim(0, 0), reclaim(1, 0)), guest(0, store(0, WORD, 77))],
  },
  {
    name: 'ksm-swap-in-scan',
    row: 'ksm: swap-out × merge',
    host: { frames: 4, guests: [1, 1], ksm: plain, swap: true },
    setUp: (host) => {
      paired(host)
      swapOut(host, 1, 0)
    },
    actors: [two.scanner(visit(1, 0), beginFullScan, visit(0, 0), visit(1, 0)), guest(1, store(0, WORD, 77))],
  },
]
