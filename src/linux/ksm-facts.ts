/** What is noted of the host's KSM before a run takes it over. */

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { readKsmSettings } from './ksm-settings.js'
import { type ReplacedSettings, readSavedSettings } from './saved-settings.js'

export interface KsmFacts {
  /** Those that will be put back. */
  settingsBefore: Partial<ReplacedSettings>
  /** Ticks a second: ksmd's sleeps are rounded to them. Null: the kernel does not tell. */
  CONFIG_HZ: number | null
}

/** @throws ResourceError when what an earlier run has noted can't be read */
export function describeKsm(): KsmFacts {
  return { settingsBefore: readSavedSettings()?.settings ?? readKsmSettings(), CONFIG_HZ: configHz() }
}

/** @returns null where the kernel does not tell */
export function configHz(): number | null {
  try {
    const config = gunzipSync(readFileSync('/proc/config.gz')).toString()
    const hz = /^CONFIG_HZ=(\d+)$/m.exec(config)?.[1]
    return hz === undefined ? null : Number(hz)
  } catch {
    return null
  }
}
