/** Is there a kernel here that the lab can be compared with? Asked before the first run. */
import { ResourceError } from '../errors.js'
import { requireFreeKsm } from '../linux/ksm-available.js'
import { readKsmCounters } from '../linux/ksm-counters.js'
import { openPageFaultEvents } from '../linux/page-fault-events.js'
import { COUNTERS } from './points.js'

/** @throws ResourceError when not */
export function requireKernel(): void {
  requireFreeKsm()
  openPageFaultEvents().close()
  const counters: Record<string, number | undefined> = { ...readKsmCounters(), cow_breaks: 0 }
  const missing = COUNTERS.find((name) => counters[name] === undefined)
  if (missing !== undefined)
    throw new ResourceError(`this kernel is too old: its KSM does not count ${missing}`)
}
