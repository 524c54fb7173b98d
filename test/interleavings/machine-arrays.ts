/** The arrays of words that the threads of a machine share, by number and by name. */
import { FRAME_WORDS } from '../../src/machine/frames.js'
import { PAGE_WORDS } from '../../src/machine/layout.js'
import type { MachineHandle } from '../../src/machine/machine.js'

const FRAME_FIELDS = ['STATE', 'HASH_LOW', 'HASH_HIGH', 'NEXT']

/** Those that threads wait on; an array's number is its place. */
export function sharedArrays(machine: MachineHandle): Int32Array[] {
  return [machine.ptes, machine.buckets, machine.allocator.words, machine.frameTable, machine.tags]
}

export function numberOfArray(machine: MachineHandle, words: Int32Array): number {
  return sharedArrays(machine).indexOf(words)
}

/** A word's name, for a reader. */
export function nameOfArray(machine: MachineHandle, words: Int32Array, index: number): string {
  switch (numberOfArray(machine, words)) {
    case 0:
      return `PTE ${index}`
    case 1:
      return `bucket ${index}`
    case 2:
      return `allocator word ${index}`
    case 3:
      return `MPN ${Math.floor(index / FRAME_WORDS)} ${FRAME_FIELDS[index % FRAME_WORDS]}`
    default:
      return `word ${index % PAGE_WORDS} of a page (${index >> 10} of its segment)`
  }
}
