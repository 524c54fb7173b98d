/**
 * One clock for all threads: monotonic nanoseconds as a double, comparable between threads.
 *
 * performance.now() counts from the start of its thread; the offset to the system's monotonic clock is taken once.
 * process.hrtime.bigint() would allocate a BigInt at every call.
 */

const originNs = Number(process.hrtime.bigint()) - performance.now() * 1e6

export function nowNs(): number {
  return performance.now() * 1e6 + originNs
}

/** Calls that one measurement of the clock averages over. */
const CALLS = 20_000

/** What one call of `nowNs` costs here and now, in ns: the median of several measurements. */
export function measureClockCostNs(): number {
  const costs: number[] = []
  for (let round = 0; round < 9; round++) {
    const start = nowNs()
    for (let call = 0; call < CALLS; call++) nowNs()
    costs.push((nowNs() - start) / (CALLS + 1))
  }
  costs.sort((a, b) => a - b)
  return costs[costs.length >> 1]!
}
