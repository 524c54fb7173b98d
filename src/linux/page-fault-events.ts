/**
 * The page faults of the calling thread, as events of the kernel (perf_event_open(2)): one record for each fault that
 * its own code took and the kernel resolved without input or output, in a ring that it can read (fault-ring.ts).
 */
import { ResourceError } from '../errors.js'
import { libc } from '../host/libc.js'
import { FaultRing, RING_BYTES } from './fault-ring.js'

/** The number of the system call, which the C library has no function for. */
const PERF_EVENT_OPEN: Partial<Record<NodeJS.Architecture, number>> = { x64: 298, arm64: 241 }

/** linux/perf_event.h: struct perf_event_attr, and what is set in it. */
const ATTR_BYTES = 128
const ATTR = { type: 0, size: 4, config: 8, samplePeriod: 16, sampleType: 24, flags: 40 }
const TYPE_SOFTWARE = 1
const COUNT_SW_PAGE_FAULTS_MIN = 5n
const SAMPLE_ADDR = 1n << 3n
const EXCLUDE_KERNEL = 1n << 5n
const EXCLUDE_HV = 1n << 6n
const FLAG_FD_CLOEXEC = 8
const THIS_THREAD = 0
const ANY_PROCESSOR = -1
const NO_GROUP = -1

/** sys/mman.h */
const PROT_READ = 1
const MAP_SHARED = 1
const MAP_FAILED = BigInt.asUintN(64, -1n)

export interface PageFaultEvents {
  ring: FaultRing
  /** The ring must not be read after it. */
  close(): void
}

/** @throws ResourceError when the kernel does not grant them */
export function openPageFaultEvents(): PageFaultEvents {
  const { koffi, mmap, munmap, close } = libc()
  const fd = openEvent()
  // Mapped for reading only, the newest records take the place of the oldest: nobody has to make room.
  const address = mmap(null, RING_BYTES, PROT_READ, MAP_SHARED, fd, 0)
  if (address === MAP_FAILED) {
    const errno = koffi.errno()
    close(fd)
    throw refused('mmap', errno)
  }
  return {
    ring: new FaultRing(new Int32Array(koffi.view(address, RING_BYTES))),
    close: () => {
      munmap(address, RING_BYTES)
      close(fd)
    },
  }
}

function openEvent(): number {
  const { koffi, syscall } = libc()
  const number = PERF_EVENT_OPEN[process.arch]
  if (number === undefined) {
    throw new ResourceError(`page faults can't be observed on ${process.arch}: expected x64 or arm64`)
  }
  const attr = Buffer.alloc(ATTR_BYTES)
  attr.writeUInt32LE(TYPE_SOFTWARE, ATTR.type)
  attr.writeUInt32LE(ATTR_BYTES, ATTR.size)
  attr.writeBigUInt64LE(COUNT_SW_PAGE_FAULTS_MIN, ATTR.config)
  attr.writeBigUInt64LE(1n, ATTR.samplePeriod)
  attr.writeBigUInt64LE(SAMPLE_ADDR, ATTR.sampleType)
  attr.writeBigUInt64LE(EXCLUDE_KERNEL | EXCLUDE_HV, ATTR.flags)
  const fd = Number(syscall(number, attr, THIS_THREAD, ANY_PROCESSOR, NO_GROUP, FLAG_FD_CLOEXEC))
  if (fd < 0) throw refused('perf_event_open', koffi.errno())
  return fd
}

function refused(call: string, errno: number): ResourceError {
  return new ResourceError(
    `page faults can't be observed here: ${call} was refused with errno ${errno}; ` +
      'containers often forbid it, and so does kernel.perf_event_paranoid without root',
  )
}
