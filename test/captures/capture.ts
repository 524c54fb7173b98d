/** What each kind of screen has to give. */
import type { Browser } from 'playwright-core'

export interface Studio {
  browser: Browser
  /** For what it needs on the way; empty at first, and removed at the end. */
  directory: string
}

/** @returns the picture, as PNG or SVG */
export type Capture = (studio: Studio) => Promise<Buffer | string>
