/** What each kind of screen has to give. */
import type { Browser } from 'playwright-core'

/**
 * @param directory for what it needs on the way; empty at first, and removed at the end
 * @returns the picture, as PNG
 */
export type Capture = (browser: Browser, directory: string) => Promise<Buffer>
