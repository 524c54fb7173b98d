/**
 * The program twinpage, but the machine is damaged between the end of the run and its verification.
 *
 *   node damage.js KIND ARGUMENT…     KIND as below, then the arguments of twinpage
 *
 * Prints what was damaged as one line of JSON on stdout; run it with --quiet, so that nothing else is there.
 */
import { runCli } from '../../src/cli/cli.js'
import { PAGE_BYTES } from '../../src/machine/layout.js'
import type { MachineHandle } from '../../src/machine/machine.js'
import { mpnOf, PRESENT, SHARED, WRITABLE } from '../../src/machine/pte.js'

export interface Damage {
  /** Global number of the page that was damaged, and the frame that it maps. */
  page: number
  mpn: number
  /** All pages that map the frame. */
  pages: number[]
}

const KINDS: Record<string, (machine: MachineHandle) => number> = {
  'byte-of-a-private-frame': (machine) =>
    flipBit(
      machine,
      last(machine, (pte) => (pte & WRITABLE) !== 0),
    ),
  'byte-of-a-shared-frame': (machine) =>
    flipBit(
      machine,
      last(machine, (pte) => (pte & SHARED) !== 0),
    ),
  'writable-shared-pte': (machine) => {
    const page = last(machine, (pte) => (pte & SHARED) !== 0)
    machine.ptes[page]! |= WRITABLE
    return page
  },
}

/** The last present page whose PTE fits. */
function last({ ptes }: MachineHandle, fits: (pte: number) => boolean): number {
  const page = ptes.findLastIndex((pte) => (pte & PRESENT) !== 0 && fits(pte))
  if (page < 0) throw new Error('Expected a page to damage, found none')
  return page
}

/** Changes one bit of one byte in the middle of a page's frame. */
function flipBit({ memory, ptes }: MachineHandle, page: number): number {
  const mpn = mpnOf(ptes[page]!)
  const segment = new Uint8Array(memory.segments[mpn >>> memory.segmentShift]!.buffer)
  segment[(mpn & ((1 << memory.segmentShift) - 1)) * PAGE_BYTES + PAGE_BYTES / 2 + 1]! ^= 0x10
  return page
}

function describe({ ptes }: MachineHandle, page: number): Damage {
  const mpn = mpnOf(ptes[page]!)
  const pages = [...ptes.keys()].filter(
    (other) => (ptes[other]! & PRESENT) !== 0 && mpnOf(ptes[other]!) === mpn,
  )
  return { page, mpn, pages }
}

const [kind = '', ...argv] = process.argv.slice(2)
const damage = KINDS[kind]
if (damage === undefined) throw new Error(`Expected a kind of damage, got ${kind}`)

await runCli(argv, {
  beforeVerify: (machine) => {
    const page = damage(machine)
    process.stdout.write(`${JSON.stringify(describe(machine, page))}\n`)
  },
})
