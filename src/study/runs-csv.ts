/** runs.csv: a line for each run of a study, in the order of the runs. */
import { type Cell, levelName } from './design.js'
import type { RunRecord } from './record.js'
import type { Study } from './study.js'

export function runsCsv(
  { factors, responses }: Study,
  cells: readonly Cell[],
  runs: readonly RunRecord[],
): string {
  const header = [
    'run',
    'replicate',
    'seed',
    ...factors.map(({ name }) => name),
    ...responses.map(({ name }) => name),
    'state',
    'seconds',
    'directory',
  ]
  const lines = runs.map(({ number, replicate, seed, cell, values, state, seconds, directory }) => [
    number,
    replicate,
    seed,
    ...factors.map((factor, index) => levelName(factor, cells[cell]!.levels[index]!)),
    ...responses.map((_, index) => values?.[index] ?? ''),
    state,
    seconds ?? '',
    directory,
  ])
  return [header, ...lines].map((fields) => `${fields.map(field).join(',')}\n`).join('')
}

/** Quoted where it must be (RFC 4180). */
function field(value: string | number): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
