/** What the directory of one run says: whether it is complete, and what it found. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isIntact, type Summary } from '../experiment/outcome.js'
import type { Manifest } from '../report/manifest.js'
import { type LoadedScenario, resolvedScenario } from '../scenario/load.js'
import { firstDifference } from './difference.js'
import { asJson, beingRun, isAlive } from './record.js'

export interface CompleteRun {
  summary: Summary
  options: Manifest['options']
  seconds: number
}

/**
 * @returns undefined when there is none, or it failed, or was stopped before its end
 * @throws UserError while another process is at it
 */
export function readRun(directory: string): CompleteRun | undefined {
  const manifest = readJson<Manifest>(join(directory, 'manifest.json'))
  if (manifest?.state === 'running' && isAlive(manifest.pid)) throw beingRun(directory, manifest.pid)
  const summary = readJson<Summary>(join(directory, 'summary.json'))
  if (manifest?.state !== 'complete' || !hasHost(manifest.options)) return undefined
  if (summary === undefined || !isIntact(summary.integrity)) return undefined
  const seconds = (Date.parse(manifest.endedAt!) - Date.parse(manifest.startedAt)) / 1000
  return { summary, options: manifest.options, seconds }
}

function hasHost(options: unknown): boolean {
  return typeof (options as { host?: unknown } | undefined)?.host === 'object'
}

/** Where the options of a run differ from those that the same run would have now. */
export function optionsDifference(
  { options }: CompleteRun,
  loaded: LoadedScenario,
  seed: number,
): string | undefined {
  const now = resolvedScenario({ scenario: { ...loaded.scenario, seed } })
  return firstDifference(withoutClock(options), withoutClock(asJson(now)))
}

/** What a system tells of its processors' clock may change from one moment to the next. */
export function withoutClock(options: unknown): object {
  const { host, ...others } = options as { host?: { GHz?: number } }
  const { GHz: _, ...rest } = host ?? {}
  return { ...others, host: rest }
}

/** Undefined: it is not there, or is not whole. */
function readJson<Value>(file: string): Value | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Value
  } catch {
    return undefined
  }
}
