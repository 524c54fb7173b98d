/** The figures that runs are compared by, each by its path in a phase of summary.json. All are amounts, so none is below 0. */

import { REASON_NAMES } from '../charts/reason-names.js'
import { REASONS } from '../experiment/reasons.js'
import { readResponse } from '../study/responses.js'
import type { RunSummary } from './runs.js'

export type FigureUnit = 'MiB' | 'part' | '/s' | 's' | 'ns' | ''

export interface Figure {
  path: string
  label: string
  unit: FigureUnit
  /** Memory that summary.json has of the scaled run only: told at full size, as all memory is here. */
  isScaled?: true
}

export const FIGURES: readonly Figure[] = [
  { path: 'fullSize.savedMiB', label: 'saved', unit: 'MiB' },
  { path: 'fullSize.opportunityMiB', label: 'opportunity', unit: 'MiB' },
  { path: 'captureRatio', label: 'captured', unit: 'part' },
  ...REASONS.map((reason): Figure => {
    const label = `not: ${REASON_NAMES[reason]}`
    return { path: `notShared.${reason}MiB`, label, unit: 'MiB', isScaled: true }
  }),
  { path: 'brokenMiB', label: 'broken', unit: 'MiB', isScaled: true },
  { path: 'fullSize.footprintMiB', label: 'footprint', unit: 'MiB' },
  { path: 'fullSize.swappedMiB', label: 'swapped', unit: 'MiB' },
  { path: 'scan.pagesPerSecond', label: 'scanned', unit: '/s' },
  { path: 'scan.pagesAskedPerSecond', label: 'asked', unit: '/s' },
  { path: 'scan.cpuSeconds', label: 'scan CPU', unit: 's' },
  { path: 'scan.waitingSeconds', label: 'scan waits', unit: 's' },
  { path: 'host.utilisation', label: 'utilisation', unit: 'part' },
  { path: 'stores.perSecond', label: 'stores', unit: '/s' },
  { path: 'cow.faultsPerSecond', label: 'CoW faults', unit: '/s' },
  { path: 'cow.latencyNs.p50', label: 'CoW p50', unit: 'ns' },
  { path: 'cow.latencyNs.p99', label: 'CoW p99', unit: 'ns' },
  { path: 'swap.outs', label: 'swap-outs', unit: '' },
  { path: 'swap.ins', label: 'swap-ins', unit: '' },
]

/** Null: the run has no such figure in that phase, or one that no run can have. */
export function readFigure(
  { phases, scale }: RunSummary,
  phase: string,
  { path, isScaled }: Figure,
): number | null {
  const found = phases.find(({ name }) => name === phase)
  if (found === undefined) return null
  // From the phase on, whose name may have dots.
  const reading = readResponse(found, path)
  if ('problem' in reading || reading.value === null) return null
  const value = reading.value * (isScaled ? scale.memory : 1)
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : null
}
