/** Units of the reports: pages become MiB, MiB and seconds become what reads well, and long text is cut. */
import { PAGE_BYTES } from '../machine/layout.js'

const MIB_PER_GIB = 1024

export function pagesToMiB(pages: number): number {
  return (pages * PAGE_BYTES) / 2 ** 20
}

/** A unit of memory or time: divide a figure by `size` to get it in this unit. */
export interface Unit {
  name: string
  size: number
}

/** GiB for two of them and more, else MiB: no chart or table whose largest figure is 0.3 GiB or 30,000 MiB. */
export function memoryUnit(largestMiB: number): Unit {
  return largestMiB >= 2 * MIB_PER_GIB ? { name: 'GiB', size: MIB_PER_GIB } : { name: 'MiB', size: 1 }
}

/** Minutes from five of them on, hours from five of those on, else seconds. */
export function timeUnit(longestSeconds: number): Unit {
  if (longestSeconds >= 5 * 3600) return { name: 'h', size: 3600 }
  return longestSeconds >= 5 * 60 ? { name: 'min', size: 60 } : { name: 's', size: 1 }
}

/** Text of at most so many characters. It keeps both ends: names of guests and phases tend to differ at the end. */
export function shortened(text: string, characters: number): string {
  if (text.length <= characters) return text
  const tail = Math.floor((characters - 1) / 2)
  return `${text.slice(0, characters - 1 - tail)}…${text.slice(text.length - tail)}`
}
