/**
 * Machine memory: the bytes of the host, in frames of 4 KiB, as shared WebAssembly memories.
 *
 * Nothing but frames lies in them; all metadata has arrays of its own. The system backs a frame when it is first
 * written, so where time is measured all are written to once, before anything else happens. Who may touch a frame's
 * bytes: the holder of the lock of a PTE that maps it; anyone for reading while it is shared; anyone at all for a hash,
 * which is only a hint.
 */
import * as A from '#atomics'
import { messageOf, ResourceError } from '../errors.js'
import { addressSpace } from '../host/address-space.js'
import { PAGE_BYTES, PAGE_WORDS, SEGMENT_SHIFT, WASM_PAGE_BYTES } from './layout.js'

export interface MachineMemory {
  segments: WebAssembly.Memory[]
  /** log2 of the frames in a segment; the last segment may hold fewer. */
  segmentShift: number
  frames: number
}

/**
 * @param frames capacity in 4 KiB frames
 * @param segmentShift smaller than its default only to try the seams between segments without 4 GiB
 * @throws ResourceError when the system doesn't give the address space
 */
export function allocateMemory(frames: number, segmentShift = SEGMENT_SHIFT): MachineMemory {
  const segments: WebAssembly.Memory[] = []
  const framesPerSegment = 2 ** segmentShift
  try {
    for (let first = 0; first < frames; first += framesPerSegment) {
      const bytes = Math.min(framesPerSegment, frames - first) * PAGE_BYTES
      const wasmPages = Math.ceil(bytes / WASM_PAGE_BYTES)
      segments.push(new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages, shared: true }))
    }
  } catch (error) {
    const asked = mebibytes(frames * PAGE_BYTES)
    const got = mebibytes(segments.length * framesPerSegment * PAGE_BYTES)
    throw new ResourceError(
      `machine memory: asked for ${asked} MiB, got ${got} MiB before the system refused (${messageOf(error)}); ${addressSpace()}`,
    )
  }
  return { segments, segmentShift, frames }
}

/**
 * Has the system back one of so many equal parts of machine memory: a hypervisor's host has its memory, too, and what the
 * system takes to hand it out would show as latencies of the lab's. Harmless at any time: no byte is changed.
 */
export function commitMemory(
  { segments, segmentShift, frames }: MachineMemory,
  part: number,
  parts: number,
): void {
  const words = segments.map((segment) => new Int32Array(segment.buffer))
  const end = Math.floor(((part + 1) * frames) / parts)
  for (let mpn = Math.floor((part * frames) / parts); mpn < end; mpn++) {
    const frameInSegment = mpn & ((1 << segmentShift) - 1)
    A.add(words[mpn >>> segmentShift]!, frameInSegment * PAGE_WORDS, 0)
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
