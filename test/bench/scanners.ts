/**
 * scanners: pages/s of two scanners against one, each on a thread of its own: two runs of the same scenario, whose guests
 * fill their memory and then do nothing.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf, UserError } from '../../src/errors.js'
import { runExperiment } from '../../src/run-experiment.js'
import type { Bench, Notes } from './bench.js'
import { collectGarbage } from './garbage.js'
import { type Figure, figureOf, interleave } from './measure.js'

const ROUNDS = 5
const SCANNERS = 2

const SCENARIO = `
description: Four guests that fill their memory with pages that all differ, and then do nothing
host: { memory: 1GiB, swap: { enabled: false } }
guests:
  - name: guest
    count: 4
    memory: 256MiB
    image: [{ class: private, size: rest }]
    workload: { boot: [{ do: boot, over: 0s }] }
scanner: { unthrottled: true }
phases:
  - { name: boot, until: settled, limit: 60s }
  - { name: scan, duration: 2s }
`

export const scannersBenches: Bench[] = [{ names: ['scanners'], run: scanners }]

async function scanners(notes: Notes): Promise<Figure[]> {
  if (availableParallelism() < SCANNERS) {
    notes.add('without scanners: there is one processor for two of them')
    return []
  }
  const directory = mkdtempSync(join(tmpdir(), 'twinpage-bench-'))
  const file = join(directory, 'scanners.yaml')
  writeFileSync(file, SCENARIO)
  const scanning = (count: number) => async () => {
    await collectGarbage()
    return pagesPerSecond(file, join(directory, 'results'), count)
  }
  try {
    const pairs = await interleave(
      ROUNDS,
      { warmUps: 0, measure: scanning(SCANNERS) },
      { warmUps: 0, measure: scanning(1) },
    )
    return [figureOf('scanners', 'pages/s', 'one scanner', pairs)]
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    notes.add(`without scanners: ${messageOf(error)}`)
    return []
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function pagesPerSecond(file: string, out: string, count: number): Promise<number> {
  rmSync(out, { recursive: true, force: true })
  const { summary, failure } = await runExperiment(file, { set: [`scanner.count=${count}`], out })
  if (failure !== undefined) throw new Error(failure.message)
  return summary.phases.at(-1)!.scan.pagesPerSecond
}
