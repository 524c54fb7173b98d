/**
 * The settings of the host's KSM. The kernel takes them in some orders only:
 *
 * - max_page_sharing and merge_across_nodes while nothing is merged (EBUSY), so after `run` was 2, which unmerges all;
 * - pages_to_scan while there is no advisor (EINVAL);
 * - a change of advisor_mode sets pages_to_scan, to advisor_min_pages_to_scan if there is one then, else to 100.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, ResourceError } from '../errors.js'
import type { KsmSettings } from '../ksm/settings.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import { readIfThere } from './read-if-there.js'

/** What the lab's `ksm` knows, and what only a kernel has. */
export interface HostKsmSettings extends KsmSettings {
  /** 0: pages of different NUMA nodes are not merged. */
  merge_across_nodes: 0 | 1
  /** Time between two searches for frames that nobody shares any more in the chains of max_page_sharing. */
  stable_node_chains_prune_millisecs: number
}

/** In the order in which they are written. */
const NAMES = [
  'sleep_millisecs',
  'use_zero_pages',
  'smart_scan',
  'max_page_sharing',
  'merge_across_nodes',
  'stable_node_chains_prune_millisecs',
  'advisor_max_cpu',
  'advisor_min_pages_to_scan',
  'advisor_max_pages_to_scan',
  'advisor_target_scan_time',
  'advisor_mode',
  'pages_to_scan',
  'run',
] as const satisfies readonly (keyof HostKsmSettings)[]

/** What a kernel does that is too old to have the file. An advisor's numbers mean nothing without the advisor. */
const WITHOUT_FILE: Partial<HostKsmSettings> = { use_zero_pages: 0, smart_scan: 0, advisor_mode: 'none' }

/** Those that this kernel has. */
export function readKsmSettings({ sysfs }: Pick<KsmPaths, 'sysfs'> = KSM_PATHS): Partial<HostKsmSettings> {
  const entries = NAMES.flatMap((name) => {
    const text = readIfThere(join(sysfs, name))
    return text === undefined ? [] : [[name, name === 'advisor_mode' ? chosen(text) : Number(text)]]
  })
  return Object.fromEntries(entries) as Partial<HostKsmSettings>
}

/** As set, or as the advisor has decided. */
export function readPagesToScan({ sysfs }: Pick<KsmPaths, 'sysfs'> = KSM_PATHS): number | undefined {
  const text = readIfThere(join(sysfs, 'pages_to_scan'))
  return text === undefined ? undefined : Number(text)
}

/**
 * Changes those that are named, `run` last. pages_to_scan is left to the advisor where there is one.
 * @throws ResourceError when the kernel refuses one, or has no such setting and does not already act so
 */
export function writeKsmSettings(
  settings: Partial<HostKsmSettings>,
  { sysfs }: Pick<KsmPaths, 'sysfs'> = KSM_PATHS,
): void {
  for (const name of NAMES) {
    const value = settings[name]
    if (value === undefined || (name === 'pages_to_scan' && hasAdvisor(sysfs))) continue
    write(sysfs, name, value)
  }
}

/**
 * Unmerges everything, which also begins the count of full scans anew, and then changes those that are named; the
 * advisor, if it is on afterwards, starts without a memory. `run` must be among them: it is 2 until then.
 * @throws ResourceError as writeKsmSettings
 */
export function replaceKsmSettings(
  settings: Partial<HostKsmSettings> & Pick<HostKsmSettings, 'run'>,
  paths: Pick<KsmPaths, 'sysfs'> = KSM_PATHS,
): void {
  clear(paths)
  writeKsmSettings(settings, paths)
}

/**
 * The same with settings that were read, all of which are to be as they were: an advisor that is on also goes on from its
 * pages_to_scan. It takes that only as its minimum, and only when it is switched on.
 * @throws ResourceError as writeKsmSettings
 */
export function putBackKsmSettings(
  settings: Partial<HostKsmSettings> & Pick<HostKsmSettings, 'run'>,
  paths: Pick<KsmPaths, 'sysfs'> = KSM_PATHS,
): void {
  const { advisor_mode, pages_to_scan } = settings
  clear(paths)
  if (advisor_mode === 'scan-time' && pages_to_scan !== undefined) {
    writeKsmSettings({ advisor_mode, advisor_min_pages_to_scan: pages_to_scan }, paths)
  }
  writeKsmSettings(settings, paths)
}

function clear({ sysfs }: Pick<KsmPaths, 'sysfs'>): void {
  write(sysfs, 'run', 2)
  write(sysfs, 'advisor_mode', 'none')
}

function write(sysfs: string, name: keyof HostKsmSettings, value: number | string): void {
  const file = join(sysfs, name)
  if (!existsSync(file)) {
    if (value === WITHOUT_FILE[name] || (name.startsWith('advisor_') && name !== 'advisor_mode')) return
    throw new ResourceError(`${file} can't be ${value}: this kernel's KSM is too old to have it`)
  }
  try {
    writeFileSync(file, String(value))
  } catch (error) {
    throw new ResourceError(`KSM's ${name} can't be set to ${value}: ${messageOf(error)}`)
  }
}

function hasAdvisor(sysfs: string): boolean {
  const file = join(sysfs, 'advisor_mode')
  return existsSync(file) && chosen(readFileSync(file, 'utf8')) !== 'none'
}

/** The kernel's way to show a choice: `none [scan-time]`. */
function chosen(text: string): string {
  return /\[(.*)\]/.exec(text)?.[1] ?? text.trim()
}
