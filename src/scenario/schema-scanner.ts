/**
 * The scanner's part of a scenario: settings of policy `tps` under ESX's names, of policy `ksm` under the kernel's.
 * They stand side by side in one mapping; those of the other policy are refused, and defaults are the policy's own.
 */
import { z } from 'zod'
import { SCHEDULING_CLASSES, type SchedulingClass } from '../host/scheduling.js'
import { KSM_DEFAULTS, type KsmFixed, type KsmRates } from '../ksm/settings.js'
import {
  durationOrMinutes,
  expected,
  flag,
  mapping,
  number,
  oneOf,
  processorNumbers,
  wholeNumber,
} from './fields.js'
import { SCANNERS_MAX, UINT32_MAX } from './limits.js'

export type Policy = 'tps' | 'ksm'

/** Those that x86 and arm64 kernels can be built with. */
export const CONFIG_HZ_VALUES = [100, 250, 300, 1000] as const
type ConfigHz = (typeof CONFIG_HZ_VALUES)[number]

/** Of policy `tps`; times in seconds, at full size. */
export interface TpsSettings {
  count: number
  order: 'random' | 'sequential'
  unthrottled: boolean
  ShareScanTime: number
  ShareScanGHz: number
  ShareRateMax: number
  ShareForceSalting: 0 | 1 | 2
}

const TPS_DEFAULTS: TpsSettings = {
  count: 1,
  order: 'random',
  unthrottled: false,
  ShareScanTime: 3600,
  ShareScanGHz: 4,
  ShareRateMax: 1024,
  ShareForceSalting: 2,
}

/** Of the threads of all scanners, whatever their policy. */
export interface ScannerThreads {
  /** Undefined: not changed. */
  nice?: number | undefined
  class: SchedulingClass
  /** Numbers; undefined: all of the run. */
  processors?: number[] | undefined
}

/** A scanner with all settings of its policy. */
export type ScannerSettings = ScannerThreads & { onDeath: 'fail' | 'restart' } & (
    | ({ policy: 'tps' } & TpsSettings)
    | ({ policy: 'ksm'; CONFIG_HZ: ConfigHz } & KsmRates & KsmFixed)
  )

/** 0 or 1, as the kernel writes its switches. */
function bit() {
  return z.literal([0, 1], { error: expected('0 or 1') })
}

/** What a phase may replace. */
const tpsRates = {
  unthrottled: flag().describe(
    'tps: scan as fast as a processor, or one for each scanner, allows; default false',
  ),
  ShareScanTime: durationOrMinutes(600, 36_000).describe(
    'tps: time to scan a whole guest once; a bare number means minutes; 10min to 600min at full size; default 60min',
  ),
  ShareScanGHz: number(0, 32).describe(
    'tps: MB/s of scanning for each GHz of all processors; 0: no scanning; default 4',
  ),
  ShareRateMax: number(0, 32_768).describe('tps: pages/s of one guest; 0: no scanning; default 1024'),
}
const ksmRates = {
  run: z
    .literal([0, 1, 2], { error: expected('0, 1 or 2') })
    .describe(
      'ksm: 0: the scanner rests; 1: it scans; 2: all pages are unmerged, and it rests; the kernel itself starts with 0; default 1',
    ),
  pages_to_scan: wholeNumber(1, UINT32_MAX).describe(
    "ksm: pages of a batch; skipped ones don't count; default 100",
  ),
  sleep_millisecs: wholeNumber(0, 3_600_000).describe(
    'ksm: sleep between two batches; never scaled, for it stands for a rate; default 20',
  ),
  use_zero_pages: bit().describe(
    'ksm: 1: pages of zeros map one zero page, beyond all limits and counters of sharing; default 0',
  ),
  smart_scan: bit().describe('ksm: 1: pages scanned in vain are passed over more and more often; default 1'),
}

const tpsOnly = {
  count: wholeNumber(1, SCANNERS_MAX).describe(
    'tps: scanners, each on a thread of its own with its part of the pages; the rates are those of all together; default 1',
  ),
  order: oneOf(['random', 'sequential']).describe(
    "tps: in which a guest's pages are visited: in runs of 16 adjacent ones at random, or one after the other; default random",
  ),
  ShareForceSalting: z
    .literal([0, 1, 2], { error: expected('0, 1 or 2') })
    .describe(
      'tps: 0: all guests share; 1: those of equal salt, none counting as 0; 2: within a guest, or where equal salts are set; default 2',
    ),
}
const ksmOnly = {
  CONFIG_HZ: z
    .literal(CONFIG_HZ_VALUES, { error: expected('100, 250, 300 or 1000') })
    .describe(
      'ksm: ticks a second of the kernel that is mirrored, which its sleeps are rounded to; default 250',
    ),
  max_page_sharing: wholeNumber(2, 2 ** 31 - 1).describe(
    'ksm: mappings of one frame at most; a content with more gets further frames; default 256',
  ),
  advisor_mode: oneOf(['none', 'scan-time']).describe(
    'ksm: scan-time: pages_to_scan begins with advisor_min_pages_to_scan and is adjusted at the end of each full scan; default none',
  ),
  advisor_max_cpu: wholeNumber(1, 100).describe(
    'ksm: what the scanner may take of a processor at most, for the advisor; default 70',
  ),
  advisor_min_pages_to_scan: wholeNumber(1, UINT32_MAX).describe(
    'ksm: pages_to_scan that the advisor begins with, and goes no lower than; default 500',
  ),
  advisor_max_pages_to_scan: wholeNumber(1, UINT32_MAX).describe(
    'ksm: pages_to_scan that the advisor goes no higher than; default 30000',
  ),
  advisor_target_scan_time: wholeNumber(1, 1_000_000).describe(
    'ksm: how long a full scan should take, for the advisor; never scaled; default 200',
  ),
}

const KEYS: Record<Policy, readonly string[]> = {
  tps: Object.keys({ ...tpsRates, ...tpsOnly }),
  ksm: Object.keys({ ...ksmRates, ...ksmOnly }),
}

/** What is wrong with a key that is none of this policy's, or undefined if nothing is. */
function foreignKey(key: string, policy: Policy): string | undefined {
  const other: Policy = policy === 'tps' ? 'ksm' : 'tps'
  if (!KEYS[other].includes(key)) return undefined
  return `is a setting of policy ${other}; policy ${policy} has ${KEYS[policy].join(', ')}`
}

/** Tells of each key that is none of this policy's. */
export function checkPolicyKeys(
  settings: object,
  policy: Policy,
  complain: (key: string, message: string) => void,
): void {
  for (const key of Object.keys(settings)) {
    const message = foreignKey(key, policy)
    if (message !== undefined) complain(key, message)
  }
}

type Written = ScannerThreads & {
  policy: Policy
  onDeath: 'fail' | 'restart'
  CONFIG_HZ?: ConfigHz
} & Partial<TpsSettings & KsmRates & KsmFixed>

export const scanner = mapping({
  policy: oneOf(['tps', 'ksm'])
    .prefault('tps')
    .describe("ESX's transparent page sharing (tps), or Linux's Kernel Samepage Merging (ksm)"),
  ...optional(tpsRates),
  ...optional(tpsOnly),
  ...optional(ksmRates),
  ...optional(ksmOnly),
  onDeath: oneOf(['fail', 'restart'])
    .prefault('fail')
    .describe(
      "if a scanner's thread dies: fail ends the run; restart (policy tps, engine threads) starts another in its place, once for each, and the gap is reported",
    ),
  nice: wholeNumber(-20, 19)
    .optional()
    .describe(
      "niceness of the scanners' threads; below 0 it takes a privilege; engine threads only; default: not changed; nor by 0 on backend lab; ksmd has 5",
    ),
  class: oneOf(SCHEDULING_CLASSES)
    .prefault('SCHED_OTHER')
    .describe("scheduling class of the scanners' threads; SCHED_OTHER: not changed; engine threads only"),
  processors: processorNumbers()
    .optional()
    .describe(
      "numbers of the processors that the scanners' threads may use, among those of the run; engine threads only; default: all of the run; ksmd's: not changed",
    ),
})
  .check(({ value, issues }) => {
    const complain = (key: string, message: string) =>
      issues.push({ code: 'custom', input: value, path: [key], message })
    checkPolicyKeys(value, value.policy, complain)
    if (value.policy === 'ksm' && value.onDeath === 'restart')
      complain('onDeath', 'what KSM knows of pages dies with its thread; expected fail, or policy tps')
  })
  .overwrite((given) => withDefaults(given as Written) as typeof given)
  .prefault({})

/** What holds in one phase only. */
export const phaseScanner = mapping({ ...exactOptional(tpsRates), ...exactOptional(ksmRates) })

function withDefaults({ policy, ...given }: Written): Written {
  return policy === 'tps'
    ? { policy, ...TPS_DEFAULTS, ...given }
    : { policy, CONFIG_HZ: 250, ...KSM_DEFAULTS, ...given }
}

type Fields = Record<string, z.ZodType>

function optional<Shape extends Fields>(shape: Shape): { [Key in keyof Shape]: z.ZodOptional<Shape[Key]> } {
  return mapValues(shape, (field) => field.optional()) as never
}

function exactOptional<Shape extends Fields>(
  shape: Shape,
): { [Key in keyof Shape]: z.ZodExactOptional<Shape[Key]> } {
  return mapValues(shape, (field) => field.exactOptional()) as never
}

function mapValues(shape: Fields, change: (field: z.ZodType) => z.ZodType): Fields {
  return Object.fromEntries(
    Object.entries(shape).map(([key, field]) => {
      const changed = change(field)
      return [key, field.description === undefined ? changed : changed.describe(field.description)]
    }),
  )
}
