/** Under what conditions the threads of a stress run race: each setting makes other races likely. */

/** What all settings have in common; the threads are numbered in this order, then comes the reclaimer. */
export const GUESTS = 3
export const SCANNERS = 2
export const RECLAIMER = GUESTS + SCANNERS
export const THREADS = RECLAIMER + 1

/** Contents that the guests know besides zero: so few that each is in many pages. */
export const CONTENTS = 6

export interface StressSetting {
  name: string
  pagesPerGuest: number
  /** More than the contents that can be shared, or no page could ever be made private again. */
  frames: number
  swap: boolean
  forceSalting: 0 | 1 | 2
  /** Frames that the reclaimer wants to be free before it rests. */
  enoughFrames: number
}

export const settings: readonly StressSetting[] = [
  {
    name: 'swapping and sharing in half the memory that the guests want',
    pagesPerGuest: 48,
    frames: 36,
    swap: true,
    forceSalting: 0,
    enoughFrames: 4,
  },
  {
    name: 'a reclaimer that never has enough, and so never rests',
    pagesPerGuest: 32,
    frames: 32,
    swap: true,
    forceSalting: 0,
    enoughFrames: 32,
  },
  {
    name: 'each guest shares with itself alone, and swaps the more',
    pagesPerGuest: 32,
    frames: 28,
    swap: true,
    forceSalting: 2,
    enoughFrames: 2,
  },
  {
    name: 'no swap: more pages than frames, and only sharing makes them fit',
    pagesPerGuest: 16,
    frames: 32,
    swap: false,
    forceSalting: 0,
    enoughFrames: 2,
  },
  {
    name: 'no swap: four pages of each guest, all of them fought over',
    pagesPerGuest: 4,
    frames: 10,
    swap: false,
    forceSalting: 0,
    enoughFrames: 1,
  },
]
