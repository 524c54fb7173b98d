/**
 * What the real kernel's KSM did: recordings in test/recorded, made by `npm run record -- NAME` (test/record), and the
 * cases that they are of.
 */
import { readFileSync } from 'node:fs'
import type { AdvisorSettings } from '../../src/ksm/advisor.js'
import type { KsmCase, KsmObservation } from './ksm-cases.js'
import { ksmMix, layoutDigest } from './ksm-mix.js'
import { identicalPages } from './ksm-scripts.js'

/** A file in test/recorded. */
export interface Recording<Item> {
  /** Such as `Linux 6.18.44`. */
  kernel: string
  /** ISO 8601. */
  date: string
  /** How it was made, in a few sentences. */
  how: string
  items: Item[]
}

/** A random mix of a seed, see ksm-mix.ts. What is derived from the seed is recorded to be looked at, and checked. */
export interface RecordedMix extends Pick<KsmCase, 'settings'> {
  seed: number
  /** By guest. */
  pages: number[]
  layoutDigest: number
  fullScans: number
  /** After so many full scans. */
  observation: KsmObservation
  /** Names of what came out otherwise when the mix was played once more; empty if all was the same. */
  differences: string[]
}

/** `pages` identical pages, after three full scans, see identicalPages. */
export interface RecordedIdenticalPages {
  pages: number
  max_page_sharing: number
  observation: KsmObservation
  differences: string[]
}

/** A case in full. */
export interface RecordedCase {
  case: KsmCase
  /** After each step. */
  observations: KsmObservation[]
  differences: string[]
}

/** Steps of the scan-time advisor from the moment at which it was switched on. */
export interface RecordedAdvisor {
  name: string
  /** Is it switched on between two scans, or within one? Then the first scan time is the time since boot. */
  switchedOn: 'between scans' | 'within a scan'
  advisor_min_pages_to_scan: number
  sleep_millisecs: number
  steps: RecordedAdvisorStep[]
}

export interface RecordedAdvisorStep {
  /** As they were at the end of the scan. */
  settings: AdvisorSettings
  /** Pages that were scanned. */
  pages: number
  /** During the scan; the advisor changes it at the end. */
  pagesToScanBefore: number
  /** The kernel's own, from the tracepoint ksm:ksm_advisor: whole seconds, percent, pages. */
  scan_time: number
  cpu_percent: number
  pages_to_scan: number
  /** Between the tracepoints ksm:ksm_start_scan and ksm:ksm_advisor. */
  scanTimeMs: number
  /** Processor time in all of ksmd's life, from its schedstat, read while it slept after the scan. */
  cpuTimeNs: number
}

/** By NAME: `ksm-NAME.json`. */
export interface Recordings {
  mixes: RecordedMix
  'identical-pages': RecordedIdenticalPages
  'smart-scan': RecordedCase
  'copy-on-write': RecordedCase
  unmerge: RecordedCase
  advisor: RecordedAdvisor
}

const DIRECTORY = new URL('../../../test/recorded/', import.meta.url)

export function recordingFile(name: keyof Recordings): URL {
  return new URL(`ksm-${name}.json`, DIRECTORY)
}

export function readRecording<Name extends keyof Recordings>(name: Name): Recording<Recordings[Name]> {
  return JSON.parse(readFileSync(recordingFile(name), 'utf8'))
}

/** @throws if the generator no longer makes the mix that was recorded */
export function caseOfMix({ seed, layoutDigest: recorded }: RecordedMix): KsmCase {
  const mix = ksmMix(seed)
  if (layoutDigest(mix.guests) !== recorded) throw new Error(`mix ${seed} is no longer the one recorded`)
  return mix
}

/** Every recorded case, with what the kernel showed after each of its steps. */
export function recordedCases(): RecordedCase[] {
  const mixes = readRecording('mixes').items.map((item) => ({
    case: caseOfMix(item),
    observations: [item.observation],
    differences: item.differences,
  }))
  const identical = readRecording('identical-pages').items.map((item) => ({
    case: identicalPages(item.pages, item.max_page_sharing),
    observations: [item.observation],
    differences: item.differences,
  }))
  const scripts = (['smart-scan', 'copy-on-write', 'unmerge'] as const).flatMap(
    (name) => readRecording(name).items,
  )
  return [...mixes, ...identical, ...scripts]
}
