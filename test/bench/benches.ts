/** All benches, in the order in which they run, and which of them a name means. */
import { UserError } from '../../src/errors.js'
import { allocateBenches } from './allocate.js'
import type { Bench } from './bench.js'
import { convergeBenches } from './converge.js'
import { cowBenches } from './cow.js'
import { firstTouchBenches } from './first-touch.js'
import { memoryBenches } from './memory.js'
import { observingBenches } from './observing.js'
import { scaleBenches } from './scale.js'
import { scanBenches } from './scan.js'
import { scannersBenches } from './scanners.js'
import { storeBenches } from './store.js'

export const BENCHES: readonly Bench[] = [
  ...scanBenches,
  ...convergeBenches,
  ...cowBenches,
  ...storeBenches,
  ...firstTouchBenches,
  ...allocateBenches,
  ...memoryBenches,
  ...observingBenches,
  ...scannersBenches,
  ...scaleBenches,
]

/** Does this figure belong to what was asked for: itself, or its family? */
export function isMeant(name: string, only: string | undefined): boolean {
  return only === undefined || name === only || name.startsWith(`${only}.`)
}

/** @throws UserError when no figure has that name */
export function benchesOf(only: string | undefined): readonly Bench[] {
  const benches = BENCHES.filter(({ names }) => names.some((name) => isMeant(name, only)))
  if (benches.length > 0) return benches
  const names = BENCHES.flatMap((bench) => bench.names).join(', ')
  throw new UserError(
    `expected the name of a figure or of a family, got ${JSON.stringify(only)}; there are ${names}`,
    { key: '--only' },
  )
}
