/**
 * The real kernel's KSM, as a test or a recording uses it: its settings and counters in /sys/kernel/mm/ksm, put back
 * as they were at the end. There is one KSM for the whole machine, so nobody else may use it meanwhile.
 */
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ResourceError } from '../../src/errors.js'
import type { KernelKsmCounters, KsmStat } from '../../src/ksm/counters.js'

const DIRECTORY = '/sys/kernel/mm/ksm'
const POLL_MS = 1
/** For anything that is waited for. */
const LIMIT_MS = 60_000

const COUNTERS = [
  'pages_shared',
  'pages_sharing',
  'pages_unshared',
  'pages_volatile',
  'pages_scanned',
  'pages_skipped',
  'full_scans',
  'ksm_zero_pages',
  'stable_node_chains',
  'stable_node_dups',
  'general_profit',
] as const satisfies (keyof KernelKsmCounters)[]

const STAT = [
  'ksm_rmap_items',
  'ksm_zero_pages',
  'ksm_merging_pages',
  'ksm_process_profit',
] as const satisfies (keyof KsmStat)[]

/** In an order in which they can be put back: pages_to_scan is refused while the advisor decides. */
const SETTINGS = [
  'advisor_mode',
  'advisor_max_cpu',
  'advisor_min_pages_to_scan',
  'advisor_max_pages_to_scan',
  'advisor_target_scan_time',
  'pages_to_scan',
  'sleep_millisecs',
  'max_page_sharing',
  'use_zero_pages',
  'smart_scan',
  'run',
] as const

export type KernelSetting = (typeof SETTINGS)[number]

/** Why the kernel's KSM can't be used here, or undefined. */
export function whyNoKsm(): string | undefined {
  try {
    accessSync(`${DIRECTORY}/advisor_mode`, constants.W_OK)
    return undefined
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return missing ? 'no KSM of Linux 6.8 or later here' : 'KSM takes root'
  }
}

export function setKsm(setting: KernelSetting, value: number | string): void {
  writeFileSync(`${DIRECTORY}/${setting}`, String(value))
}

export function readKsm(name: KernelSetting | keyof KernelKsmCounters): number {
  return Number(readFileSync(`${DIRECTORY}/${name}`, 'utf8'))
}

export function readCounters(): KernelKsmCounters {
  return Object.fromEntries(COUNTERS.map((name) => [name, readKsm(name)])) as unknown as KernelKsmCounters
}

/** Of this process. */
export function readStat(): KsmStat {
  const values = namedNumbers('/proc/self/ksm_stat')
  return Object.fromEntries(STAT.map((name) => [name, values.get(name)])) as unknown as KsmStat
}

/** Copy-on-write breaks of merged pages since boot. */
export function readCowKsm(): number {
  return namedNumbers('/proc/vmstat').get('cow_ksm')!
}

function namedNumbers(path: string): Map<string, number> {
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  return new Map(
    lines.map((line) => {
      const [name, value] = line.split(/:? /)
      return [name!, Number(value)]
    }),
  )
}

/**
 * Takes KSM over: nothing is merged and nothing scanned, settings are the kernel's until they are changed.
 * @returns what puts everything back, and may be called more than once
 * @throws ResourceError when it can't be used, or somebody uses it
 */
export function takeKsm(): () => void {
  const why = whyNoKsm()
  if (why !== undefined) throw new ResourceError(why)
  if (readKsm('run') === 1) throw new ResourceError('somebody uses KSM: /sys/kernel/mm/ksm/run is 1')
  const before = SETTINGS.map((name) => [name, readSetting(name)] as const)
  const putBack = () => {
    setKsm('run', 2)
    for (const [name, value] of before) setKsm(name, value)
  }
  setKsm('run', 2)
  return putBack
}

/** Of the modes of advisor_mode, the one in brackets. */
function readSetting(name: KernelSetting): string {
  const text = readFileSync(`${DIRECTORY}/${name}`, 'utf8').trim()
  return /\[(.+)\]/.exec(text)?.[1] ?? text
}

/** Waits, looking every millisecond. @throws when it takes a minute */
export async function until(what: string, isDone: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + LIMIT_MS
  while (!isDone()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${LIMIT_MS} ms: ${what}`)
    await sleep(POLL_MS)
  }
}
