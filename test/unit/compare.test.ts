/** Comparing runs: who is a replicate of whom, ratios and their intervals, and what the reader is warned of. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareRuns } from '../../src/compare/comparison.js'
import { pairedRatio, unpairedRatio } from '../../src/compare/ratio.js'
import type { ComparedRun } from '../../src/compare/runs.js'
import { comparisonTable } from '../../src/compare/table.js'
import type { Summary } from '../../src/experiment/outcome.js'
import { Prng } from '../../src/random/prng.js'
import { meanInterval } from '../../src/study/bootstrap.js'

interface Made {
  seed?: number
  rate?: number
  saved?: number
  kernel?: string
  memory?: number
}

function made({ seed = 1, rate = 10, saved = 100, kernel = '6.1', memory = 1 }: Made): ComparedRun {
  return {
    directory: `run-${seed}`,
    manifest: {
      twinpage: '0.1.0',
      state: 'complete',
      scenario: 'quick',
      seed,
      options: { seed, scanner: { rate }, host: { GHz: seed } },
      versions: { node: '20' },
      machine: { cpuModel: 'x', processors: 2, memoryBytes: 2 ** 30, kernel, platform: 'linux-x64' },
      processors: 2,
    },
    summary: {
      scale: { memory, time: 1 },
      phases: [{ name: 'busy', fullSize: { savedMiB: saved } }],
    } as unknown as Summary,
  }
}

const compare = (...runs: Made[]) => compareRuns({ runs: runs.map(made), warnings: [] })
const saved = (comparison: ReturnType<typeof compare>) =>
  comparison.phases[0]!.figures.find(({ path }) => path === 'fullSize.savedMiB')!.groups

describe('groups', () => {
  test('runs that differ in the seed alone are replicates, whatever the order', () => {
    const { groups } = compare({ rate: 5 }, { rate: 9 }, { rate: 5, seed: 2 })
    assert.deepEqual(
      groups.map(({ name, seeds }) => [name, seeds]),
      [
        ['A', [1, 2]],
        ['B', [1]],
      ],
    )
    assert.deepEqual(groups[1]!.differsIn, [{ key: 'scanner.rate', baseline: 5, value: 9 }])
  })

  test('are paired where the seeds are the same, and each value goes with its seed', () => {
    const comparison = compare(
      { seed: 1, saved: 10 },
      { seed: 2, saved: 30 },
      { seed: 2, saved: 60, rate: 9 },
      { seed: 1, saved: 20, rate: 9 },
    )
    assert.equal(comparison.groups[1]!.replicates, 'paired')
    assert.deepEqual(saved(comparison)[1]!.interval, [2, 2])
  })

  test('are not paired where one seed is another', () => {
    assert.equal(
      compare({ seed: 1 }, { seed: 2 }, { seed: 1, rate: 9 }, { seed: 3, rate: 9 }).groups[1]!.replicates,
      'unpaired',
    )
  })
})

describe('ratios', () => {
  test('paired: twice as much in each pair is exactly 2, however much the pairs differ', () =>
    assert.deepEqual(pairedRatio([1, 2, 40], [2, 4, 80], new Prng(1)), { ratio: 2, interval: [2, 2] }))

  test('unpaired, to a baseline that never varies: the interval of the mean, divided by it', () => {
    const values = [8, 10, 11, 12]
    const [low, high] = meanInterval(values, new Prng(7))!
    const { ratio, interval } = unpairedRatio([5, 5, 5], values, new Prng(7))
    assert.equal(ratio, 10.25 / 5)
    assert(Math.abs(interval![0] - low / 5) < 1e-9 && Math.abs(interval![1] - high / 5) < 1e-9)
  })

  test('to a baseline of 0 there is none', () => {
    for (const ratio of [pairedRatio, unpairedRatio])
      assert.deepEqual(ratio([0, 0], [1, 2], new Prng(1)), { ratio: null, interval: null })
  })

  test('without replicates there is no interval', () => {
    const [, second] = saved(compare({ saved: 50 }, { saved: 75, rate: 9 }))
    assert.deepEqual([second!.mean, second!.ratio, second!.interval], [75, 1.5, null])
  })
})

describe('warnings', () => {
  test('name the machine and the scale that differ, and not the options', () => {
    const { warnings } = compare({}, { kernel: '6.9', memory: 2, rate: 9 })
    assert.equal(warnings.length, 2)
    assert.match(warnings[0]!, /another machine than A: kernel "6\.9", not "6\.1"$/)
    assert.match(warnings[1]!, /another scale than A/)
    assert.deepEqual(compare({}, { rate: 9 }).warnings, [])
  })
})

test('many groups keep within 80 columns', () => {
  const many = Array.from({ length: 12 }, (_, rate) => ({ rate, saved: 1234.5 }))
  for (const line of comparisonTable(compare(...many), 80).split('\n')) assert(line.length <= 80, line)
})
