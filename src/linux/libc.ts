/**
 * The calls into the C library that the real kernel's KSM takes, and Node has none for, through koffi: an optional
 * dependency, loaded only when it is needed.
 */
import { createRequire } from 'node:module'
import { messageOf, ResourceError } from '../errors.js'

/** madvise(2), asm-generic/mman-common.h */
export const MADV_MERGEABLE = 12
export const MADV_UNMERGEABLE = 13
export const MADV_NOHUGEPAGE = 15

type Koffi = typeof import('koffi')

let loaded: { koffi: Koffi; madvise: (...args: unknown[]) => number } | undefined

/** @throws ResourceError when koffi is not installed, or this system has no such library */
function libc() {
  if (loaded !== undefined) return loaded
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi
    const library = koffi.load('libc.so.6')
    loaded = { koffi, madvise: library.func('int madvise(void *addr, size_t length, int advice)') }
    return loaded
  } catch (error) {
    throw new ResourceError(`the C library can't be called through koffi here: ${messageOf(error)}`)
  }
}

/**
 * Advises the kernel on all of a memory.
 * @param advice one of MADV_*
 * @throws ResourceError when the kernel refuses
 */
export function madvise(memory: WebAssembly.Memory, advice: number): void {
  const { koffi, madvise } = libc()
  const bytes = new Uint8Array(memory.buffer)
  if (madvise(bytes, bytes.byteLength, advice) === 0) return
  const code = koffi.errno()
  throw new ResourceError(`madvise(${advice}) on ${bytes.byteLength} bytes was refused: errno ${code}`)
}

/** Where a memory begins in the address space of this process. */
export function addressOf(memory: WebAssembly.Memory): number {
  return Number(libc().koffi.address(new Uint8Array(memory.buffer)))
}
