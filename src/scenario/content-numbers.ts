/**
 * Content numbers: which pages of which guests hold the same bytes.
 *
 *   0                    zero
 *   one range per system the k-th common page of every guest of that system holds the k-th content
 *   one range per extent of duplicated pages, which a guest shares with itself alone
 *
 * Private pages have no number: they equal no other page.
 */
import type { Extent } from './guest-memory.js'
import type { ImageExtent } from './plan.js'

export interface UnnumberedGuest {
  /** Guests of the same operating system have the same common contents. */
  os: string
  extents: readonly Extent[]
}

export interface NumberedImages {
  /** In the order of the guests. */
  images: ImageExtent[][]
  /** One more than the largest number given. */
  contents: number
}

export function numberContents(guests: readonly UnnumberedGuest[]): NumberedImages {
  let next = 1
  const take = (contents: number): number => {
    next += contents
    return next - contents
  }
  const firstCommon = new Map<string, number>()
  for (const [os, pages] of commonPagesByOs(guests)) firstCommon.set(os, take(pages))

  const images = guests.map(({ os, extents }) => {
    let nextCommon = firstCommon.get(os)!
    return extents.map(({ class: kind, first, pages, copies }): ImageExtent => {
      if (kind === 'zero' || kind === 'private')
        return { class: kind, first, pages, firstContent: 0, contents: 0 }
      const contents = Math.ceil(pages / copies)
      const firstContent = kind === 'common' ? nextCommon : take(contents)
      if (kind === 'common') nextCommon += contents
      return { class: kind, first, pages, firstContent, contents }
    })
  })
  return { images, contents: next }
}

/** Common pages of the guest that has most of them, for each operating system. */
function commonPagesByOs(guests: readonly UnnumberedGuest[]): Map<string, number> {
  const pagesByOs = new Map<string, number>()
  for (const { os, extents } of guests) {
    const common = extents.filter((extent) => extent.class === 'common')
    const pages = common.reduce((sum, extent) => sum + extent.pages, 0)
    pagesByOs.set(os, Math.max(pages, pagesByOs.get(os) ?? 0))
  }
  return pagesByOs
}
