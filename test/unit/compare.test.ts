/** Comparing runs: who is a replicate of whom, ratios and their intervals, and what the reader is told. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareRuns } from '../../src/compare/comparison.js'
import { pairedRatio, unpairedRatio } from '../../src/compare/ratio.js'
import { comparisonTable } from '../../src/compare/table.js'
import { Prng } from '../../src/random/prng.js'
import { meanInterval } from '../../src/study/bootstrap.js'
import { type Made, madeRun } from '../support/compared-runs.js'

const compare = (...runs: Made[]) => compareRuns({ runs: runs.map(madeRun), warnings: [] })
const table = (...runs: Made[]) => comparisonTable(compare(...runs), 80)
const saved = (savedMiB: number | null) => ({ figures: { fullSize: { savedMiB } } })
const ofSaved = (comparison: ReturnType<typeof compare>) =>
  comparison.phases[0]!.figures.find(({ path }) => path === 'fullSize.savedMiB')!.groups

describe('groups', () => {
  test('runs that differ in the seed alone are replicates, whatever the order', () => {
    const { groups } = compare({ rate: 5, seed: 2 }, { rate: 9 }, { rate: 5 })
    assert.deepEqual(
      groups.map(({ name, seeds, directories }) => [name, seeds, directories]),
      [
        ['A', [1, 2], ['run-1', 'run-2']],
        ['B', [1], ['run-1']],
      ],
    )
    assert.deepEqual(groups[1]!.differsIn, [{ key: 'scanner.rate', baseline: 5, value: 9 }])
  })

  test('runs on another kernel are no replicates, though their options are the same', () => {
    const { groups } = compare({}, { seed: 2, kernel: '6.9' })
    assert.deepEqual(groups[1]!.differsIn, [])
    assert.deepEqual(groups[1]!.machineDiffersIn, [{ key: 'kernel', baseline: '6.1', value: '6.9' }])
  })

  test('are paired where the seeds are the same, and each value goes with its seed', () => {
    const comparison = compare(
      { seed: 1, ...saved(10) },
      { seed: 2, ...saved(30) },
      { seed: 2, rate: 9, ...saved(60) },
      { seed: 1, rate: 9, ...saved(20) },
    )
    assert.equal(comparison.groups[1]!.replicates, 'paired')
    assert.deepEqual(ofSaved(comparison)[1]!.interval, [2, 2])
  })

  test('a pair of which one run has no such figure is left out of the ratio', () => {
    const [, second] = ofSaved(
      compare(
        { seed: 1, ...saved(10) },
        { seed: 2, ...saved(30) },
        { seed: 3, ...saved(null) },
        { seed: 1, rate: 9, ...saved(20) },
        { seed: 2, rate: 9, ...saved(60) },
        { seed: 3, rate: 9, ...saved(1000) },
      ),
    )
    assert.deepEqual([second!.mean, second!.ratio, second!.interval], [360, 2, [2, 2]])
  })

  for (const [what, seeds, others] of [
    ['one seed is another', [1, 2], [1, 3]],
    ['a seed comes twice', [1, 1], [1, 1]],
    ['one has more', [1, 2], [1, 2, 3]],
  ] as const)
    test(`are not paired where ${what}`, () => {
      const runs = [...seeds.map((seed) => ({ seed })), ...others.map((seed) => ({ seed, rate: 9 }))]
      assert.equal(compare(...runs).groups[1]!.replicates, 'unpaired')
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

  test('unpaired: at either end the difference of the means is as far from 0 as its interval reaches', () => {
    const baseline = [18, 18, 19, 28]
    const values = [8, 10, 11, 12]
    const random = new Prng(3)
    const [bottom, top] = [20.75, 10.25]
    const below = meanInterval(baseline, random)!
    const above = meanInterval(values, random)!
    const [low, high] = unpairedRatio(baseline, values, new Prng(3)).interval!
    const isAtZero = (end: number, t: number, b: number) =>
      assert(Math.abs(Math.abs(top - end * bottom) - Math.hypot(top - t, end * (bottom - b))) < 1e-9)
    assert(low < top / bottom && top / bottom < high)
    isAtZero(low, above[0], below[1])
    isAtZero(high, above[1], below[0])
  })

  test('unpaired, to a baseline that may be 0: no interval, for it would have no upper end', () =>
    assert.deepEqual(unpairedRatio([1, 9], [5, 6], new Prng(1)), { ratio: 1.1, interval: null }))

  test('to a baseline of 0 there is none', () => {
    for (const ratio of [pairedRatio, unpairedRatio])
      assert.deepEqual(ratio([0, 0], [1, 2], new Prng(1)), { ratio: null, interval: null })
  })

  test('without replicates there is no interval', () => {
    const [, second] = ofSaved(compare(saved(50), { rate: 9, ...saved(75) }))
    assert.deepEqual([second!.mean, second!.ratio, second!.interval], [75, 1.5, null])
  })
})

describe('a reader is warned of', () => {
  const cases: [what: string, runs: Made[], warning: RegExp][] = [
    ['a partial run', [{}, { rate: 9, seed: 2, state: 'partial' }], /^run-2 is partial: /],
    [
      'a run that was steered',
      [{}, { rate: 9, seed: 2, controls: ['load', 'load', 'stop'] }],
      /^run-2 was steered while it went \(load\): /,
    ],
    ['lost integrity', [{}, { rate: 9, seed: 2, mismatches: 1 }], /^run-2 lost its integrity/],
    ['one group alone', [{}, { seed: 2 }], /^all runs have the same options/],
    [
      'another machine',
      [{}, { kernel: '6.9' }],
      /^B is of another machine than A: kernel "6\.9", not "6\.1"$/,
    ],
    ['another scenario', [{}, { rate: 9, scenario: 'big' }], /^B is of scenario big, A of quick$/],
    ['another scale', [{}, { rate: 9, memory: 2 }], /^B has another scale than A: /],
  ]
  for (const [what, runs, warning] of cases)
    test(what, () => {
      const { warnings } = compare(...runs)
      assert.equal(warnings.length, 1)
      assert.match(warnings[0]!, warning)
    })

  test('phases that not all groups have, each once; only the others are compared', () => {
    const { warnings, phases } = compare(
      {},
      { seed: 2, phase: 'idle' },
      { rate: 9 },
      { rate: 8 },
      { rate: 8, seed: 2, phase: 'late' },
    )
    assert.deepEqual(warnings, [
      'phase idle is not compared: it is in A only',
      'phase late is not compared: it is in C only',
    ])
    assert.deepEqual(
      phases.map(({ name }) => name),
      ['busy'],
    )
  })

  test('not of options that differ', () => assert.deepEqual(compare({}, { rate: 9 }).warnings, []))
})

describe('the table', () => {
  test('tells all memory at full size', () => {
    const figures = { brokenMiB: 3, fullSize: { savedMiB: 12 } }
    const { phases } = compare({ memory: 4, figures })
    const means = phases[0]!.figures.flatMap(({ groups }) => groups[0]!.mean ?? [])
    assert.deepEqual(means, [12, 12])
  })

  test('leaves out what all groups have none of, and JSON does not', () => {
    const runs = [
      { figures: { swap: { outs: 0, ins: 0 } } },
      { rate: 9, figures: { swap: { outs: 0, ins: 2 } } },
    ]
    assert.match(table(...runs), /swap-ins/)
    assert.doesNotMatch(table(...runs), /swap-outs|stores/)
    const paths = compare(...runs).phases[0]!.figures.map(({ path }) => path)
    assert(paths.includes('swap.outs') && paths.includes('stores.perSecond'))
  })

  test('has ratio and interval with as many decimals, and is headed by the groups that it is of', () => {
    const values = [10, 11, 12, 20]
    const text = table(
      ...values.map((savedMiB, seed) => ({ seed, ...saved(savedMiB) })),
      ...values.map((savedMiB, seed) => ({ seed: seed + 1, rate: 9, ...saved(savedMiB * 0.9) })),
    )
    assert.match(text, /\| +B\/A \|/)
    assert.match(text, /\| 0\.90 \(\d\.\d\d–\d\.\d\d\) \|/)
  })

  test('shows ratios far from 1 with the digits that tell', () => {
    const texts = [0, 0.0123, 0.9, 1, 12.34, 1234].map(
      (ratio) => table(saved(1), { rate: 9, ...saved(ratio) }).match(/saved.* (\S+) \|\n/)?.[1],
    )
    assert.deepEqual(texts, ['0.00', '0.012', '0.90', '1.00', '12.3', '1234'])
  })

  for (const [seeds, said] of [
    [[7], '1 run, seed 7'],
    [[7, 7], '2 runs, seed 7'],
    [[7, 8], '2 runs, seeds 7, 8'],
    [[1003, 1001, 1000, 1005, 1004, 1002], '6 runs, seeds 1000 to 1005'],
    [[1, 2, 3, 3, 4, 5], '6 runs, seeds 1 to 5'],
    [[1, 5, 9], '3 runs, seeds 1, 5, 9'],
    [[1, 2, 3, 4, 99], '5 runs, 5 seeds from 1 to 99'],
  ] as const)
    test(`says of seeds ${seeds.join(' ')}: ${said}`, () =>
      assert(table(...seeds.map((seed) => ({ seed }))).startsWith(`A  quick: ${said} (baseline)\n`)))

  test('of many groups keeps within 80 columns, and has each group in one part', () => {
    const many = Array.from({ length: 12 }, (_, rate) => ({ rate, ...saved(1234.5) }))
    const lines = table(...many).split('\n')
    for (const line of lines) assert(line.length <= 80, line)
    const heads = lines.filter((line) => line.startsWith('| busy')).join()
    for (const name of 'BCDEFGHIJKL') assert.equal(heads.split(` ${name}/A `).length, 2)
  })
})
