/**
 * The calls into the C library that Node has none for, for huge pages and the real kernel's KSM, through koffi: an optional
 * dependency, loaded only when it is needed.
 */
import { createRequire } from 'node:module'
import { messageOf, ResourceError } from '../errors.js'
import { PAGE_BYTES } from '../machine/layout.js'

/** madvise(2), asm-generic/mman-common.h */
export const MADV_DONTNEED = 4
export const MADV_DONTFORK = 10
export const MADV_MERGEABLE = 12
export const MADV_UNMERGEABLE = 13
export const MADV_HUGEPAGE = 14
export const MADV_NOHUGEPAGE = 15

type Koffi = typeof import('koffi')
type CFunction = (...args: unknown[]) => number

interface LibC {
  koffi: Koffi
  madvise: CFunction
  syscall: CFunction
  mmap: (...args: unknown[]) => bigint
  munmap: CFunction
  /** For what the calls above opened: Node keeps a list of its own of what it opened itself. */
  close: CFunction
}

let loaded: LibC | undefined

/** @throws ResourceError when koffi is not installed, or this system has no such library */
export function libc(): LibC {
  if (loaded !== undefined) return loaded
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi
    const library = koffi.load('libc.so.6')
    loaded = {
      koffi,
      madvise: library.func('int madvise(void *addr, size_t length, int advice)'),
      syscall: library.func(
        'long syscall(long number, void *attr, int pid, int cpu, int group, unsigned long flags)',
      ),
      mmap: library.func('void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset)'),
      munmap: library.func('int munmap(void *addr, size_t length)'),
      close: library.func('int close(int fd)'),
    }
    return loaded
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND'
    const why = isMissing ? 'that optional package is not installed (npm install koffi)' : messageOf(error)
    throw new ResourceError(`the C library can't be called through koffi here: ${why}`)
  }
}

/**
 * Advises the kernel on all of a memory, from the first of its pages that is whole.
 * @param advice one of MADV_*
 * @throws ResourceError when the kernel refuses
 */
export function madvise({ buffer }: { readonly buffer: ArrayBufferLike }, advice: number): void {
  const { koffi, madvise } = libc()
  const start = Number(koffi.address(new Uint8Array(buffer)))
  const bytes = new Uint8Array(buffer, Math.ceil(start / PAGE_BYTES) * PAGE_BYTES - start)
  if (madvise(bytes, bytes.byteLength, advice) === 0) return
  const code = koffi.errno()
  throw new ResourceError(`madvise(${advice}) on ${bytes.byteLength} bytes was refused: errno ${code}`)
}

/** Where a memory begins in the address space of this process. */
export function addressOf(memory: WebAssembly.Memory): number {
  return Number(libc().koffi.address(new Uint8Array(memory.buffer)))
}
