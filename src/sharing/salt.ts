/**
 * Salting: which guests may share with which (ESX, Mem.ShareForceSalting). A guest's salt is mixed into the hashes of
 * its pages, so pages of guests with different salts never meet in the share table.
 */
import { seedOf } from '../random/prng.js'

export interface SaltKeys {
  /** By guest: what to exclusive-or into the halves of a hash. */
  low: Int32Array
  high: Int32Array
}

/**
 * @param salts one a guest, undefined where none was set
 * @param forceSalting 0: all share; 1: by salt, none counts as 0; 2: within a guest only, unless salts are set equal
 */
export function saltKeys(salts: readonly (number | undefined)[], forceSalting: 0 | 1 | 2): SaltKeys {
  const low = new Int32Array(salts.length)
  const high = new Int32Array(salts.length)
  salts.forEach((salt, guest) => {
    const group = saltGroup(salt, guest, forceSalting)
    if (group === undefined) return
    low[guest] = seedOf('salt low', group)
    high[guest] = seedOf('salt high', group)
  })
  return { low, high }
}

/**
 * The same as numbers, for each guest from 0 on; −1: it doesn't share at all.
 * @param guests their salts, undefined where none was set, and whether they share
 */
export function saltNumbers(
  guests: readonly { salt: number | undefined; share: boolean }[],
  forceSalting: 0 | 1 | 2,
): number[] {
  const groups = new Map<string | undefined, number>()
  return guests.map(({ salt, share }, guest) => {
    if (!share) return -1
    const group = saltGroup(salt, guest, forceSalting)
    const number = groups.get(group) ?? groups.size
    groups.set(group, number)
    return number
  })
}

/** Guests with the same group share; undefined is the group without a salt. */
function saltGroup(salt: number | undefined, guest: number, forceSalting: 0 | 1 | 2): string | undefined {
  if (forceSalting === 0) return undefined
  if (salt !== undefined) return salt === 0 && forceSalting === 1 ? undefined : `salt ${salt}`
  return forceSalting === 1 ? undefined : `guest ${guest}`
}
