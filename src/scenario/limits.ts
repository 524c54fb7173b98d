/**
 * What a scenario may ask for: every limit in one place, each with its unit and where it comes from.
 * Those of memory itself come from the machine's layout; those that ESX gives its own settings are in the schema.
 */

/** Frames of a host: 1 MiB of machine memory, so that the percentages of swapping are at least a page. */
export const FRAMES_MIN = 256

/** Seeds and salts are 32-bit words. */
export const UINT32_MAX = 2 ** 32 - 1

/** Guests, after `count` is expanded: each one is a thread. */
export const GUESTS_MAX = 256

/** Scanners: each one is a thread. */
export const SCANNERS_MAX = 16

/** Processors of a host. */
export const PROCESSORS_MAX = 1024

/** Phases of a scenario, and activities of one guest in one phase. */
export const PHASES_MAX = 256
export const ACTIVITIES_MAX = 256

/** Letters of a name: guests and phases give their names to files, whose names end at 255 bytes. */
export const NAME_LENGTH_MAX = 100

/** Bytes of a size as written, before scaling: 1024 TiB, exact in a double. */
export const SIZE_BYTES_MAX = 2 ** 50

/** Seconds of a duration as written, before scaling: one week, exact in whole µs. */
export const DURATION_SECONDS_MAX = 7 * 24 * 3600

/** The largest divisor of memory and time. */
export const SCALE_MAX = 1e6

/** Operations per second of one activity: more than any processor does. */
export const RATE_PER_SECOND_MAX = 1e9

/** Threads and lock words of one activity. */
export const THREADS_MAX = 1024
export const LOCKS_MAX = 65_536

/** Exponent of a Zipf distribution; at 10 all but one access in a thousand goes to the first page. */
export const ZIPF_MAX = 10

/** Seconds between samples after scaling: below it, sampling itself would be the load. */
export const SAMPLE_SECONDS_MIN = 0.001

/** Samples of one run: they are kept in memory until its end. */
export const SAMPLES_MAX = 100_000

/** GHz assumed of a processor whose clock the operating system doesn't tell: a round figure for servers. */
export const UNKNOWN_CLOCK_GHZ = 3
export const CLOCK_GHZ_MIN = 0.1
export const CLOCK_GHZ_MAX = 100

/** Bytes of a scenario file; the ones that ship have a few thousand. */
export const FILE_BYTES_MAX = 256 * 1024

/** Aliases in one file. */
export const ALIAS_COUNT_MAX = 1000

/** Values in one file, each as often as aliases repeat it, so that a small file can't unfold to a huge value. */
export const VALUES_MAX = 50_000
