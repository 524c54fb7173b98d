/** Why what could be shared is not: the names by which results tell the reasons that not-shared.ts finds. */

/** In this order pages are preferred as the one that is kept, after a shared frame. */
export const REASONS = ['secondLook', 'rateLimited', 'starved', 'ineligible', 'salted'] as const
export type Reason = (typeof REASONS)[number]
