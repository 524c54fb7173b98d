/** What a study may ask for: each limit with where it comes from. */

/** A replicate's seed is SEEDS_PER_STUDY × the study's seed + its number, so that studies of other seeds share none. */
export const SEEDS_PER_STUDY = 1000
export const REPLICATES_MAX = SEEDS_PER_STUDY - 1
/** Replicates' seeds are 32-bit words. */
export const SEED_MAX = 4_000_000

/** Of a full factorial more are never run to an end, or read. */
export const FACTORS_MAX = 8
export const LEVELS_MAX = 50
export const RESPONSES_MAX = 100
export const CELLS_MAX = 2000
