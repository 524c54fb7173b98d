/**
 * One clock for all threads: monotonic nanoseconds as a double, comparable between threads. Or, for as long as a call
 * lasts, a virtual one that stands still until it is moved.
 *
 * performance.now() counts from the start of its thread; the offset to the system's monotonic clock is taken once.
 * process.hrtime.bigint() would allocate a BigInt at every call.
 */

/** Attempts, of which the one with the two clocks read closest together counts; the first ones are slow. */
const ATTEMPTS = 50

function measureOriginNs(): number {
  let originNs = 0
  let narrowestNs = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const beforeNs = performance.now() * 1e6
    const monotonicNs = Number(process.hrtime.bigint())
    const afterNs = performance.now() * 1e6
    if (afterNs - beforeNs >= narrowestNs) continue
    narrowestNs = afterNs - beforeNs
    originNs = monotonicNs - (beforeNs + afterNs) / 2
  }
  return originNs
}

const originNs = measureOriginNs()

/** Time of a lab that is stepped: whoever holds it moves it. */
export interface VirtualClock {
  ns: number
}

let virtual: VirtualClock | undefined

/** Makes a virtual clock the clock of everything that `action` does. It ends with the call, so nothing else can meet it. */
export function byVirtualClock(clock: VirtualClock, action: () => void): void {
  virtual = clock
  try {
    action()
  } finally {
    virtual = undefined
  }
}

export function nowNs(): number {
  return virtual === undefined ? realNowNs() : virtual.ns
}

/** Whatever the clock of a run is: for limits that protect whoever waits in front of the machine. */
export function realNowNs(): number {
  return performance.now() * 1e6 + originNs
}

/** Milliseconds since 1970, when a virtual clock begins. */
export function epochMs(): number {
  return virtual === undefined ? Date.now() : virtual.ns / 1e6
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
