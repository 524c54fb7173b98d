import assert from 'node:assert/strict'
import { test } from 'node:test'
import { END, FRAME_WORDS, NEXT, ownedBy, STATE, UNLINKED } from '../../src/machine/frames.js'
import {
  LOCKED,
  mpnOf,
  PRESENT,
  privatePte,
  SWAPPED_PTE,
  sharedPte,
  WRITABLE,
} from '../../src/machine/pte.js'
import { TestHost } from '../support/host.js'

/** So many that reserves hold eight. */
const FRAMES = 2048

/** Guest 1 shares page 0 with guest 0, has page 1 to itself with a hint, and never touched page 2. */
function soundHost(): TestHost {
  const host = new TestHost({ guests: [4, 4], frames: FRAMES, segmentShift: 11 })
  for (const { contents } of host.guests) contents.writeKnown(0, 1)
  host.guests[1]!.contents.writePrivate(1)
  host.pass()
  return host
}

const PAGE_0 = 4
const PAGE_1 = 5
const PAGE_2 = 6

interface Damage {
  what: string
  damage: (host: TestHost) => void
  leakedFrames?: number
  violations?: number
  /** One of the findings must match each. */
  findings: RegExp[]
}

function setState(host: TestHost, mpn: number, state: number): void {
  host.handle.frameTable[mpn * FRAME_WORDS + STATE] = state
}

/** Makes a frame the only entry of every bucket that is empty, as if by a stray store to a bucket head. */
function fileIn(host: TestHost, mpn: number): void {
  const { buckets, frameTable } = host.handle
  buckets[buckets.indexOf(0)] = (mpn + 1) << 1
  if (frameTable[mpn * FRAME_WORDS + NEXT] === UNLINKED) frameTable[mpn * FRAME_WORDS + NEXT] = END
}

const damages: Damage[] = [
  {
    what: 'a PTE left locked',
    damage: ({ handle }) => {
      handle.ptes[PAGE_1]! |= LOCKED
    },
    violations: 1,
    findings: [/^guest g1 PPN 1: its PTE was left locked$/],
  },
  {
    what: 'a locked page without a frame',
    damage: ({ handle }) => {
      handle.ptes[PAGE_2] = SWAPPED_PTE | LOCKED
    },
    violations: 1,
    findings: [/^guest g1 PPN 2: its PTE was left locked$/],
  },
  {
    what: 'a frame that does not exist',
    damage: ({ handle }) => {
      handle.ptes[PAGE_2] = privatePte(FRAMES)
    },
    violations: 1,
    findings: [/^guest g1 PPN 2: maps MPN 2048, which does not exist$/],
  },
  {
    what: 'a shared PTE left writable',
    damage: ({ handle }) => {
      handle.ptes[PAGE_0]! |= WRITABLE
    },
    violations: 1,
    findings: [/^guest g1 PPN 0: shares MPN \d+, but its PTE is writable$/],
  },
  {
    what: 'a private PTE left read-only',
    damage: ({ handle }) => {
      handle.ptes[PAGE_1]! &= ~WRITABLE
    },
    violations: 1,
    findings: [/^guest g1 PPN 1: has MPN \d+ to itself, but its PTE is read-only$/],
  },
  {
    what: "another page's private frame",
    damage: (host) => {
      host.handle.ptes[PAGE_2] = privatePte(host.mpn(1, 1))
    },
    violations: 1,
    findings: [/^guest g1 PPN 2: maps MPN \d+ as its own, which it is not$/],
  },
  {
    what: 'a shared frame mapped as private',
    damage: (host) => {
      host.handle.ptes[PAGE_0] = privatePte(host.mpn(1, 0))
    },
    violations: 1,
    findings: [/^guest g1 PPN 0: maps MPN \d+ as its own, which it is not$/],
  },
  {
    what: 'a private frame mapped as shared',
    damage: (host) => {
      host.handle.ptes[PAGE_1] = sharedPte(host.mpn(1, 1))
    },
    violations: 1,
    findings: [/^guest g1 PPN 1: shares MPN \d+, which is not a shared frame$/],
  },
  {
    what: 'a reference that was not dropped',
    damage: (host) => {
      host.handle.ptes[PAGE_0] = 0
    },
    violations: 1,
    findings: [/^MPN \d+ \(mapped by guest g0 PPN 0\): has 2 references, but 1 pages map it$/],
  },
  {
    what: 'a reference too few',
    damage: (host) => setState(host, host.mpn(1, 0), 1),
    violations: 1,
    findings: [/^MPN \d+ \(mapped by guest g1 PPN 0\): has 1 references, but 2 pages map it$/],
  },
  {
    what: 'a shared frame that no page maps',
    damage: ({ handle }) => {
      handle.ptes[0] = handle.ptes[PAGE_0] = 0
    },
    leakedFrames: 1,
    findings: [/^MPN \d+: has 2 references, but no page maps it$/],
  },
  {
    what: 'a private frame that its page does not map',
    damage: ({ handle }) => {
      handle.ptes[PAGE_1] = 0
    },
    leakedFrames: 1,
    findings: [/^MPN \d+: belongs to guest g1 PPN 1, which does not map it$/],
  },
  {
    what: 'a frame that was taken and never used',
    damage: (host) => void host.scannerView.allocator.allocate(),
    leakedFrames: 1,
    findings: [/^MPN \d+: is neither in use nor free$/],
  },
  {
    what: 'a mapped private frame that was freed',
    damage: (host) => host.scannerView.allocator.free(host.mpn(1, 1)),
    violations: 1,
    findings: [/^MPN \d+ \(mapped by guest g1 PPN 1\): is in use and free at once$/],
  },
  {
    what: 'a mapped shared frame that was freed',
    damage: (host) => host.scannerView.allocator.free(host.mpn(1, 0)),
    violations: 1,
    findings: [/^MPN \d+ \(mapped by guest g1 PPN 0\): is in use and free at once$/],
  },
  {
    what: 'a frame that is free in a reserve and in the bitmap',
    damage: (host) => {
      // Reserves of eight: the frame after the one that is handed out is reserved.
      const { allocator } = host.scannerView
      const mpn = allocator.allocate()
      allocator.free(mpn + 1)
      allocator.free(mpn)
    },
    violations: 1,
    findings: [/^MPN \d+: is free twice$/],
  },
  {
    what: 'a free frame in the share table',
    damage: (host) => {
      const free = host.scannerView.allocator.allocate()
      host.scannerView.allocator.free(free)
      fileIn(host, free)
    },
    violations: 1,
    findings: [/^MPN \d+: is free, but in the share table$/],
  },
  {
    what: 'an entry that two chains lead to',
    damage: (host) => fileIn(host, host.mpn(1, 1)),
    violations: 1,
    findings: [/^MPN \d+ \(mapped by guest g1 PPN 1\): is in the share table twice$/],
  },
  {
    what: 'a shared frame that is not in the share table',
    damage: (host) => host.scannerView.shareTable.remove(host.mpn(1, 0)),
    violations: 1,
    findings: [/^MPN \d+ \(mapped by guest g1 PPN 0\): is shared, but not in the share table$/],
  },
  {
    what: 'a frame that belongs to another page than the one that maps it',
    damage: (host) => setState(host, host.mpn(1, 1), ownedBy(PAGE_2)),
    violations: 1,
    findings: [/^guest g1 PPN 1: maps MPN \d+ as its own, which it is not$/],
  },
  {
    what: 'a chain that runs in a circle',
    damage: (host) => {
      const mpn = host.mpn(1, 0)
      host.handle.frameTable[mpn * FRAME_WORDS + NEXT] = mpn
    },
    violations: 1,
    findings: [/^MPN \d+ \(mapped by guest g1 PPN 0\): is in the share table twice$/],
  },
  {
    what: 'a chain that ends in no frame',
    damage: (host) => {
      host.handle.frameTable[host.mpn(1, 0) * FRAME_WORDS + NEXT] = FRAMES
    },
    violations: 1,
    findings: [/^a chain of the share table ends in no frame$/],
  },
  {
    what: 'a bucket left locked',
    damage: ({ handle }) => {
      handle.buckets[handle.buckets.indexOf(0)]! |= 1
    },
    violations: 1,
    findings: [/^a bucket of the share table was left locked$/],
  },
  {
    what: 'a count of free frames that is not how many there are',
    damage: (host) => {
      host.handle.allocator.words[0]! += 3
    },
    violations: 1,
    findings: [/^\d+ frames are free, but \d+ are counted as free$/],
  },
]

test('a sound machine has no findings', () => {
  const host = soundHost()
  host.assertIntact()
  assert.equal(mpnOf(host.pte(0, 0)), mpnOf(host.pte(1, 0)))
  assert.equal(host.pte(1, 2) & PRESENT, 0)
})

for (const { what, damage, leakedFrames = 0, violations = 0, findings } of damages) {
  test(`finds ${what}, and nothing else`, () => {
    const host = soundHost()
    damage(host)
    const report = host.audit()
    assert.deepEqual(
      { ...report, findings: [] },
      { leakedFrames, violations, findings: [] },
      report.findings.join('\n'),
    )
    for (const pattern of findings) {
      assert.ok(
        report.findings.some((finding) => pattern.test(finding)),
        report.findings.join('\n'),
      )
    }
  })
}

test('all damage is counted, however much there is; the findings stop at ten', () => {
  const host = new TestHost({ guests: [30], frames: 40 })
  for (let ppn = 0; ppn < 30; ppn++) host.guests[0]!.contents.writePrivate(ppn)
  for (let page = 0; page < 30; page++) host.handle.ptes[page]! &= ~WRITABLE
  const report = host.audit()
  assert.equal(report.violations, 30)
  assert.equal(report.findings.length, 10)
})

test('the audit changes nothing', () => {
  const host = soundHost()
  host.handle.ptes[PAGE_1]! |= LOCKED
  const before = host.metadata()
  host.audit()
  assert.deepEqual(host.metadata(), before)
})
