/**
 * Machine memory: the bytes of the host, in frames of 4 KiB, as shared WebAssembly memories.
 *
 * Nothing but frames lies in them; all metadata has arrays of its own. The system backs them lazily, so a
 * frame that was never written costs nothing. Who may touch a frame's bytes: the holder of the lock of a PTE
 * that maps it; anyone for reading while it is shared; anyone at all for a hash, which is only a hint.
 */
import { messageOf, ResourceError } from '../errors.js'
import { addressSpace } from '../host/address-space.js'
import { PAGE_BYTES, SEGMENT_SHIFT, WASM_PAGE_BYTES } from './layout.js'

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

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
