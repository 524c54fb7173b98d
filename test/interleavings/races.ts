/**
 * The races of docs/protocol.md, each as one or more small machines. Frames are few, so that one that is freed is the next one
 * to be handed out; contents are equal wherever equality makes it harder.
 */
import { INELIGIBLE } from '../../src/machine/pte.js'
import type { HostOptions, TestHost } from '../support/host.js'
import { ksmRaces } from './ksm-races.js'
import {
  fill,
  give,
  guest,
  hold,
  hypervisor,
  load,
  type Race,
  reclaim,
  store,
  swapOut,
  take,
  visit,
  visitInPassing,
  zero,
} from './race.js'

const CONTENT = 4
const OTHER = 5
const THIRD = 6
const FOURTH = 7
const WORD = 7
/** So many that four threads take two at once from the bitmap. */
const BATCH_FRAMES = 512
/** So many that the last is alone in its word of the bitmap. */
const TWO_WORDS_FRAMES = 33
/** In the other half of a page. */
const FAR_WORD = 900

const one = hypervisor(1)
const two = hypervisor(2)
const three = hypervisor(3)
const four = hypervisor(4)
const five = hypervisor(5)

/** All these guests' first pages hold the same, and share one frame. */
function share(host: TestHost, guests: readonly number[]): void {
  for (const guest of guests) hold(host, guest, 0, CONTENT)
  for (const guest of guests) host.visit(guest, 0)
}

/** The first pages of guests 0 and 1 hold the same, and that of guest 1 is filed as a hint. */
function hinted(host: TestHost): void {
  hold(host, 0, 0, CONTENT)
  hold(host, 1, 0, CONTENT)
  host.visit(1, 0)
}

/** The first pages of all three guests hold the same: those of guests 1 and 2 share one frame, that of guest 0 has its own. */
function sharedButFirst(host: TestHost): void {
  share(host, [1, 2])
  hold(host, 0, 0, CONTENT)
}

/** The same, but it is that of guest 2 that has its own. */
function sharedButLast(host: TestHost): void {
  share(host, [0, 1])
  hold(host, 2, 0, CONTENT)
}

/** The first page of guest 0 has the last reference to a shared frame; that of guest 2 holds the same in a frame of its own. */
function lastReference(host: TestHost): void {
  share(host, [0, 1])
  hold(host, 1, 0, OTHER)
  hold(host, 2, 0, CONTENT)
}

/** The first page of guest 0 is swapped out; that of guest 1 holds the same, and is filed as a hint. */
function swappedAndHinted(host: TestHost): void {
  hold(host, 0, 0, CONTENT)
  swapOut(host, 0, 0)
  hold(host, 1, 0, CONTENT)
  host.visit(1, 0)
}

/** The first page of each guest holds one of these and is filed as a hint; that of the next holds `content` and is not. */
function chained(host: TestHost, filed: readonly number[], content: number): void {
  for (const [guest, held] of filed.entries()) {
    hold(host, guest, 0, held)
    host.visit(guest, 0)
  }
  hold(host, filed.length, 0, content)
}

const small: HostOptions = { frames: 4, guests: [1, 1] }
const threeGuests: HostOptions = { frames: 5, guests: [1, 1, 1] }

export const races: Race[] = [
  {
    name: 'store-merge-hint',
    row: 'store × merge',
    host: small,
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), guest(0, store(0, WORD, 77), load(0, WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'store-merge-hinted-page',
    row: 'store × merge',
    host: small,
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), guest(1, store(0, FAR_WORD, 77), load(0, FAR_WORD, 77))],
  },
  {
    name: 'store-merge-shared',
    row: 'store × merge',
    host: threeGuests,
    setUp: sharedButFirst,
    actors: [three.scanner(visit(0, 0)), guest(0, store(0, WORD, 77), load(0, WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'store-merge-zero',
    row: 'store × merge',
    host: threeGuests,
    setUp: (host) => {
      for (const { mmu } of host.guests) mmu.zero(0)
    },
    actors: [three.scanner(visit(0, 0)), guest(0, store(0, FAR_WORD, 77), load(0, FAR_WORD, 77))],
  },
  {
    name: 'store-store-merge',
    row: 'store × merge',
    host: small,
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), guest(0, store(0, WORD, 77)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'visitor-store-hint',
    row: 'store × merge',
    host: small,
    setUp: hinted,
    actors: [two.other(visitInPassing(0, 0)), guest(0, store(0, WORD, 77), load(0, WORD, 77))],
  },
  {
    name: 'visitor-store-shared',
    row: 'store × merge',
    host: threeGuests,
    setUp: sharedButFirst,
    actors: [three.other(visitInPassing(0, 0)), guest(0, store(0, WORD, 77), load(0, WORD, 77))],
  },
  {
    name: 'visitor-store-zero',
    row: 'store × merge',
    host: small,
    setUp: ({ guests }) => guests[0]!.mmu.zero(0),
    actors: [two.other(visitInPassing(0, 0)), guest(0, store(0, FAR_WORD, 77), load(0, FAR_WORD, 77))],
  },
  {
    name: 'visitor-store-store',
    row: 'store × merge',
    host: small,
    setUp: hinted,
    actors: [two.other(visitInPassing(0, 0)), guest(0, store(0, WORD, 77)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'store-false-match',
    row: 'store × merge',
    host: small,
    hashes: 'equal',
    setUp: (host) => {
      hold(host, 0, 0, CONTENT)
      hold(host, 1, 0, OTHER)
      host.visit(1, 0)
    },
    actors: [two.scanner(visit(0, 0), visit(0, 0)), guest(0, fill(0, OTHER)), guest(1, fill(0, CONTENT))],
  },
  {
    name: 'store-ineligible',
    row: 'store × merge',
    host: small,
    setUp: (host) => {
      hinted(host)
      hold(host, 0, 0, OTHER)
      // As a false match left it.
      host.handle.ptes[host.page(0, 0)]! |= INELIGIBLE
    },
    actors: [two.scanner(visit(0, 0)), guest(0, fill(0, CONTENT))],
  },
  {
    name: 'cow-false-match',
    row: 'CoW × new reference',
    host: threeGuests,
    hashes: 'equal',
    setUp: (host) => {
      share(host, [0, 1])
      hold(host, 2, 0, OTHER)
    },
    actors: [three.scanner(visit(2, 0)), guest(0, fill(0, OTHER)), guest(2, fill(0, CONTENT))],
  },
  {
    name: 'load-merge',
    row: 'load × merge or swap-out',
    host: { frames: 3, guests: [1, 1, 1] },
    setUp: (host) => {
      for (const guest of [0, 1]) {
        hold(host, guest, 0, CONTENT)
        host.guests[guest]!.mmu.store(0, WORD, Int32Array.of(77), 1)
      }
      host.visit(1, 0)
    },
    actors: [three.scanner(visit(0, 0)), guest(0, load(0, WORD, 77)), guest(2, fill(0, OTHER))],
  },
  {
    name: 'load-swap-out',
    row: 'load × merge or swap-out',
    host: { frames: 3, guests: [1, 1], swap: true },
    setUp: (host) => {
      hold(host, 0, 0, CONTENT)
      host.guests[0]!.mmu.store(0, WORD, Int32Array.of(77), 1)
    },
    actors: [two.other(reclaim(0, 0)), guest(0, load(0, WORD, 77)), guest(1, fill(0, OTHER))],
  },
  {
    name: 'chain-merge-remove-first',
    row: 'link × find × remove in one chain',
    host: { frames: 5, guests: [1, 1, 1], swap: true },
    hashes: 'in one bucket',
    setUp: (host) => chained(host, [CONTENT, OTHER], CONTENT),
    actors: [three.scanner(visit(2, 0)), three.other(reclaim(1, 0))],
  },
  {
    name: 'chain-link-remove-middle',
    row: 'link × find × remove in one chain',
    host: { frames: 6, guests: [1, 1, 1, 1, 1], swap: true },
    hashes: 'in one bucket',
    setUp: (host) => {
      chained(host, [CONTENT, OTHER, THIRD], FOURTH)
      hold(host, 4, 0, CONTENT)
    },
    actors: [five.scanner(visit(3, 0)), five.other(reclaim(1, 0))],
  },
  {
    name: 'chain-cow-remove-last',
    row: 'link × find × remove in one chain',
    host: { frames: 6, guests: [1, 1, 1, 1] },
    hashes: 'in one bucket',
    setUp: (host) => {
      share(host, [0, 1])
      hold(host, 0, 0, OTHER)
      hold(host, 2, 0, THIRD)
      host.visit(2, 0)
      hold(host, 3, 0, CONTENT)
    },
    actors: [four.scanner(visit(3, 0)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'chain-remove-drop',
    row: 'link × find × remove in one chain',
    host: { frames: 3, guests: [1, 1], swap: true },
    hashes: 'in one bucket',
    setUp: (host) => {
      share(host, [0, 1])
      hold(host, 1, 0, OTHER)
      host.visit(1, 0)
    },
    actors: [two.other(reclaim(1, 0)), guest(0, store(0, WORD, 77))],
  },
  {
    name: 'store-file',
    row: 'store × mark',
    host: small,
    setUp: (host) => hold(host, 0, 0, CONTENT),
    actors: [two.scanner(visit(0, 0), visit(0, 0)), guest(0, fill(0, OTHER), fill(0, CONTENT))],
    withDeaths: true,
  },
  {
    name: 'store-file-anew',
    row: 'store × mark',
    host: small,
    setUp: (host) => {
      hinted(host)
      hold(host, 1, 0, OTHER)
    },
    actors: [two.scanner(visit(1, 0)), guest(1, store(0, WORD, 77)), two.other(visit(0, 0))],
  },
  {
    name: 'store-file-visitor',
    row: 'store × mark',
    host: small,
    setUp: (host) => hold(host, 0, 0, CONTENT),
    actors: [two.scanner(visit(0, 0)), guest(0, fill(0, OTHER)), two.other(visitInPassing(0, 0))],
  },
  {
    name: 'load-file',
    row: 'store × mark',
    host: small,
    setUp: (host) => {
      hold(host, 0, 0, CONTENT)
      hold(host, 1, 0, CONTENT)
      host.guests[0]!.mmu.store(0, WORD, Int32Array.of(77), 1)
    },
    actors: [
      two.scanner(visit(0, 0), visit(0, 0)),
      guest(0, load(0, WORD, 77), fill(0, CONTENT)),
      two.other(visit(1, 0)),
    ],
  },
  {
    name: 'store-hint',
    row: 'store × found hint',
    host: small,
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), guest(1, fill(0, OTHER), fill(0, CONTENT))],
  },
  {
    name: 'stale-hint-store',
    row: 'store × found hint',
    host: threeGuests,
    setUp: (host) => {
      hinted(host)
      hold(host, 1, 0, OTHER)
      // In the end it must find the others.
      hold(host, 2, 0, CONTENT)
    },
    actors: [three.scanner(visit(0, 0)), guest(1, fill(0, CONTENT)), three.other(visit(1, 0))],
  },
  {
    name: 'stale-hint-dropped',
    row: 'store × found hint',
    host: { frames: 5, guests: [2, 1] },
    setUp: (host) => {
      hinted(host)
      hold(host, 0, 1, CONTENT)
    },
    actors: [two.scanner(visit(0, 0)), guest(1, fill(0, OTHER), fill(0, CONTENT)), two.other(visit(0, 1))],
  },
  {
    name: 'stale-hint-zero',
    row: 'store × found hint',
    host: small,
    setUp: (host) => {
      hinted(host)
      host.guests[1]!.mmu.zero(0)
    },
    actors: [two.scanner(visit(1, 0)), two.other(visit(0, 0))],
  },
  {
    name: 'hint-filed-anew',
    row: 'store × found hint',
    host: small,
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), guest(1, fill(0, OTHER)), two.other(visit(1, 0))],
  },
  {
    name: 'cow-cow',
    row: 'CoW × CoW on one frame',
    host: { frames: 4, guests: [1, 1] },
    setUp: (host) => share(host, [0, 1]),
    actors: [
      guest(0, store(0, WORD, 77), load(0, WORD, 77)),
      guest(1, store(0, WORD, 88), load(0, WORD, 88)),
    ],
    withDeaths: true,
  },
  {
    name: 'cow-cow-cow',
    row: 'CoW × CoW on one frame',
    host: { frames: 5, guests: [1, 1, 1] },
    setUp: (host) => share(host, [0, 1, 2]),
    actors: [guest(0, store(0, WORD, 77)), guest(1, store(0, WORD, 88)), guest(2, store(0, WORD, 99))],
  },
  {
    name: 'cow-new-reference',
    row: 'CoW × new reference',
    host: threeGuests,
    setUp: sharedButLast,
    actors: [three.scanner(visit(2, 0)), guest(0, store(0, WORD, 77), load(0, WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'cow-cow-new-reference',
    row: 'CoW × new reference',
    host: threeGuests,
    setUp: sharedButLast,
    actors: [three.scanner(visit(2, 0)), guest(0, store(0, WORD, 77)), guest(1, store(0, WORD, 88))],
  },
  {
    name: 'last-drop-new-reference',
    row: 'last drop × new reference',
    host: threeGuests,
    setUp: lastReference,
    actors: [three.scanner(visit(2, 0)), guest(0, store(0, WORD, 77), load(0, WORD, 77))],
  },
  {
    name: 'last-drop-new-reference-reuse',
    row: 'last drop × new reference',
    host: { frames: 5, guests: [1, 2, 1] },
    setUp: lastReference,
    actors: [three.scanner(visit(2, 0)), guest(0, store(0, WORD, 77)), guest(1, fill(1, CONTENT))],
  },
  {
    name: 'last-drop-false-match',
    row: 'last drop × new reference',
    host: { frames: 3, guests: [3] },
    setUp: (host) => {
      for (const ppn of [0, 1]) host.guests[0]!.mmu.zero(ppn)
      host.visit(0, 1)
    },
    // The last of these waits for the frame of page 1, if the scanner has a reference to it.
    actors: [one.scanner(visit(0, 0)), guest(0, fill(0, OTHER), fill(1, OTHER), fill(2, OTHER))],
  },
  {
    name: 'allocate-free',
    row: 'allocate × free',
    host: { frames: 2, guests: [1, 1] },
    setUp: () => {},
    actors: [guest(0, take, give, take, give), guest(1, take, take, give, give)],
  },
  {
    name: 'allocate-free-steal',
    row: 'allocate × free',
    host: { frames: 3, guests: [1, 1, 1] },
    setUp: () => {},
    actors: [guest(0, take, give), guest(1, take, take, give, give), guest(2, take, give)],
  },
  {
    name: 'allocate-free-last',
    row: 'allocate × free',
    host: { frames: 3, guests: [1, 1, 1] },
    setUp: hinted,
    actors: [guest(2, fill(0, OTHER)), three.scanner(visit(0, 0))],
  },
  {
    name: 'allocate-free-two-words',
    row: 'allocate × free',
    host: { frames: TWO_WORDS_FRAMES, guests: [1, TWO_WORDS_FRAMES] },
    setUp: (host) => {
      for (let ppn = 0; ppn < TWO_WORDS_FRAMES; ppn++) host.guests[1]!.mmu.zero(ppn)
      for (const ppn of [0, 1]) host.visit(1, ppn)
    },
    actors: [guest(0, store(0, WORD, 77)), two.scanner(visit(1, TWO_WORDS_FRAMES - 1))],
  },
  {
    name: 'stall-free',
    row: 'allocate × free',
    host: { frames: 3, guests: [1, 1, 1, 1] },
    setUp: hinted,
    actors: [
      guest(2, take, store(0, WORD, 77), give),
      { thread: 4, program: [visit(0, 0)] },
      guest(3, take, give),
    ],
  },
  {
    name: 'stall-refill',
    row: 'allocate × free',
    host: { frames: BATCH_FRAMES, guests: [1, BATCH_FRAMES - 1] },
    setUp: ({ guests }) => {
      for (let ppn = 0; ppn < BATCH_FRAMES - 2; ppn++) guests[1]!.mmu.zero(ppn)
    },
    actors: [guest(0, store(0, WORD, 77)), guest(1, store(BATCH_FRAMES - 2, WORD, 88))],
  },
  {
    name: 'stale-hint-reused-frame',
    row: 'stale hint × reused frame',
    host: { frames: 3, guests: [1, 1, 1], swap: true },
    setUp: hinted,
    actors: [three.scanner(visit(0, 0)), three.other(reclaim(1, 0)), guest(2, fill(0, CONTENT))],
  },
  {
    name: 'stale-hint-same-page',
    row: 'stale hint × reused frame',
    host: { frames: 2, guests: [1, 1], swap: true },
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), two.other(reclaim(1, 0)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'visitor-one-page-hint',
    row: 'scanner and visitor on one page',
    host: small,
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), two.other(visitInPassing(0, 0))],
    withDeaths: true,
  },
  {
    name: 'visitor-one-page-shared',
    row: 'scanner and visitor on one page',
    host: threeGuests,
    setUp: sharedButFirst,
    actors: [three.scanner(visit(0, 0)), three.other(visitInPassing(0, 0))],
  },
  {
    name: 'visitor-one-page-zero',
    row: 'scanner and visitor on one page',
    host: small,
    setUp: ({ guests }) => guests[0]!.mmu.zero(0),
    actors: [two.scanner(visit(0, 0)), two.other(visitInPassing(0, 0)), guest(0, store(0, FAR_WORD, 77))],
  },
  {
    name: 'scanners-one-hint',
    row: 'two scanners on two equal pages',
    host: threeGuests,
    setUp: (host) => {
      hinted(host)
      hold(host, 2, 0, CONTENT)
    },
    actors: [three.scanner(visit(0, 0)), three.other(visit(2, 0))],
  },
  {
    name: 'scanners-equal-pages',
    row: 'two scanners on two equal pages',
    host: small,
    setUp: (host) => {
      hold(host, 0, 0, CONTENT)
      hold(host, 1, 0, CONTENT)
    },
    actors: [two.scanner(visit(0, 0), visit(0, 0)), two.other(visit(1, 0), visit(1, 0))],
  },
  {
    name: 'scanners-zero-pages',
    row: 'two scanners on two equal pages',
    host: small,
    setUp: (host) => {
      host.guests[0]!.mmu.zero(0)
      host.guests[1]!.mmu.zero(0)
    },
    actors: [two.scanner(visit(0, 0)), two.other(visit(1, 0))],
  },
  {
    name: 'scanners-zero-pages-store',
    row: 'two scanners on two equal pages',
    host: small,
    setUp: (host) => {
      host.guests[0]!.mmu.zero(0)
      host.guests[1]!.mmu.zero(0)
    },
    actors: [two.scanner(visit(0, 0)), two.other(visit(1, 0)), guest(0, store(0, WORD, 77))],
  },
  {
    name: 'first-touch-scan',
    row: 'first touch × scan',
    host: small,
    setUp: (host) => {
      hold(host, 1, 0, CONTENT)
      host.visit(1, 0)
    },
    actors: [two.scanner(visit(0, 0), visit(0, 0)), guest(0, fill(0, CONTENT), store(0, WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'swap-out-store',
    row: 'swap-out × store',
    host: { frames: 2, guests: [1], swap: true },
    setUp: (host) => hold(host, 0, 0, CONTENT),
    actors: [one.other(reclaim(0, 0)), guest(0, store(0, FAR_WORD, 77), load(0, FAR_WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'swap-out-twice',
    row: 'swap-out × store',
    host: { frames: 2, guests: [1], swap: true },
    setUp: (host) => hold(host, 0, 0, CONTENT),
    actors: [one.other(reclaim(0, 0), reclaim(0, 0)), guest(0, store(0, WORD, 77))],
  },
  {
    name: 'swap-out-store-reuse',
    row: 'swap-out × store',
    host: { frames: 2, guests: [1, 1], swap: true },
    setUp: (host) => hold(host, 0, 0, CONTENT),
    actors: [two.other(reclaim(0, 0)), guest(0, store(0, FAR_WORD, 77)), guest(1, fill(0, OTHER))],
  },
  {
    name: 'swap-out-cluster-store',
    row: 'swap-out × store',
    host: { frames: 3, guests: [2], swap: true },
    clusterPages: 2,
    setUp: (host) => {
      hold(host, 0, 0, CONTENT)
      hold(host, 0, 1, OTHER)
    },
    actors: [one.other(reclaim(0, 0)), guest(0, store(1, FAR_WORD, 77), load(1, FAR_WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'swap-out-cluster-gap',
    row: 'swap-out × store',
    host: { frames: 4, guests: [1, 1, 1], swap: true },
    clusterPages: 3,
    setUp: (host) => {
      for (const [guest, content] of [CONTENT, OTHER, THIRD].entries()) hold(host, guest, 0, content)
    },
    actors: [three.other(reclaim(0, 0)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'swap-out-cluster-reuse',
    row: 'swap-out × store',
    host: { frames: 2, guests: [1, 1, 1], swap: true },
    clusterPages: 2,
    setUp: (host) => {
      hold(host, 0, 0, CONTENT)
      hold(host, 1, 0, OTHER)
    },
    actors: [three.other(reclaim(0, 0)), guest(0, store(0, WORD, 77)), guest(2, fill(0, THIRD))],
  },
  {
    name: 'swap-out-merge',
    row: 'swap-out × merge',
    host: { ...small, swap: true },
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), two.other(reclaim(0, 0))],
    withDeaths: true,
  },
  {
    name: 'swap-out-merge-store',
    row: 'swap-out × merge',
    host: { frames: 3, guests: [1, 1], swap: true },
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), two.other(reclaim(0, 0)), guest(0, store(0, WORD, 77))],
  },
  {
    name: 'swap-out-cluster-merge',
    row: 'swap-out × merge',
    host: { ...small, swap: true },
    clusterPages: 2,
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), two.other(reclaim(0, 0)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'swap-out-hint',
    row: 'swap-out × hint',
    host: { ...small, swap: true },
    setUp: hinted,
    actors: [two.scanner(visit(0, 0)), two.other(reclaim(1, 0))],
  },
  {
    name: 'swap-out-hint-store',
    row: 'swap-out × hint',
    host: { frames: 2, guests: [1], swap: true },
    setUp: (host) => hold(host, 0, 0, CONTENT),
    actors: [one.scanner(visit(0, 0)), one.other(reclaim(0, 0)), guest(0, store(0, WORD, 77))],
  },
  {
    name: 'swap-out-stale-hint',
    row: 'swap-out × hint',
    host: { frames: 3, guests: [1, 1], swap: true },
    setUp: (host) => {
      hinted(host)
      hold(host, 1, 0, OTHER)
    },
    actors: [two.scanner(visit(0, 0)), two.other(reclaim(1, 0)), guest(1, store(0, WORD, 77))],
  },
  {
    name: 'swap-in-scan',
    row: 'swap-in × scan',
    host: { ...small, swap: true },
    setUp: swappedAndHinted,
    actors: [two.scanner(visit(0, 0), visit(0, 0)), guest(0, store(0, WORD, 77), load(0, WORD, 77))],
    withDeaths: true,
  },
  {
    name: 'swap-in-scan-swap-out',
    row: 'swap-in × scan',
    host: { frames: 3, guests: [1, 1], swap: true },
    setUp: swappedAndHinted,
    actors: [two.scanner(visit(0, 0)), guest(0, store(0, WORD, 77)), two.other(reclaim(0, 0))],
  },
  {
    name: 'zero-fill-scan',
    row: 'store × merge',
    host: small,
    setUp: (host) => {
      host.guests[0]!.mmu.zero(0)
      host.guests[1]!.mmu.zero(0)
      host.visit(1, 0)
    },
    actors: [two.scanner(visit(0, 0)), guest(0, fill(0, OTHER), zero(0))],
  },
  ...ksmRaces,
]
