/** The order of a study's runs: blocks that hold every cell once, shuffled by the seed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { amountsOf } from '../../src/study/amounts.js'
import { cellsOf, scheduleOf } from '../../src/study/design.js'
import type { Factor, Study } from '../../src/study/study.js'

function factor(name: string, levels: readonly string[]): Factor {
  const pathOf = () => []
  return {
    name,
    unit: '',
    amounts: undefined,
    levels: levels.map((level) => ({ name: level, settings: {}, pathOf })),
  }
}

const study: Study = {
  name: 'small',
  given: './small.yaml',
  description: '',
  scenario: 'quick',
  set: {},
  seed: 1,
  replicates: 4,
  factors: [factor('a', ['x', 'y']), factor('b', ['1', '2', '64MiB / s'])],
  responses: [],
}

test('the cells are all combinations of levels, the last factor fastest', () => {
  assert.deepEqual(
    cellsOf(study).map(({ name }) => name),
    ['a=x, b=1', 'a=x, b=2', 'a=x, b=64MiB / s', 'a=y, b=1', 'a=y, b=2', 'a=y, b=64MiB / s'],
  )
})

describe('the order of runs', () => {
  const cells = cellsOf(study)
  const orderOf = (changes: Partial<Study> = {}) => scheduleOf({ ...study, ...changes }, cells)
  const cellOrder = (changes?: Partial<Study>) => orderOf(changes).map(({ cell }) => cell)

  test('has each cell once in each replicate, whole replicates one after the other', () => {
    const runs = orderOf()
    assert.deepEqual(
      runs.map(({ number }) => number),
      Array.from({ length: 24 }, (_, index) => index + 1),
    )
    for (let replicate = 1; replicate <= 4; replicate++) {
      const block = runs.slice(6 * (replicate - 1), 6 * replicate)
      assert(block.every((run) => run.replicate === replicate))
      assert.deepEqual(block.map(({ cell }) => cell).sort(), [0, 1, 2, 3, 4, 5])
    }
  })

  test('is the same for the same seed, another for another, and another in each replicate', () => {
    assert.deepEqual(cellOrder(), cellOrder())
    assert.notDeepEqual(cellOrder(), cellOrder({ seed: 2 }))
    const blocks = [0, 1, 2, 3].map((block) =>
      cellOrder()
        .slice(6 * block, 6 * block + 6)
        .join(),
    )
    assert(new Set(blocks).size > 1)
  })

  test('each cell comes first in its block equally often', () => {
    const first = cellOrder({ replicates: 600 }).filter((_, index) => index % 6 === 0)
    for (let cell = 0; cell < 6; cell++) {
      const count = first.filter((other) => other === cell).length
      // 100 are expected, with a standard deviation of 9.
      assert(count > 60 && count < 140, `${count} of 600`)
    }
  })

  test('more replicates leave those before as they are', () => {
    assert.deepEqual(orderOf({ replicates: 9 }).slice(0, 24), orderOf())
  })

  test('all cells of a replicate have the same seed, and no two replicates, or studies, have', () => {
    const seeds = (seed: number) => orderOf({ seed }).map((run) => [run.replicate, run.seed].join())
    assert.equal(new Set(seeds(1)).size, 4)
    const both = new Set([...orderOf({ seed: 1 }), ...orderOf({ seed: 2 })].map(({ seed }) => seed))
    assert.equal(both.size, 8)
  })

  test('directories are called after run, replicate and levels, in letters that any system takes', () => {
    const directories = orderOf().map(({ directory }) => directory)
    assert.equal(new Set(directories).size, 24)
    for (const directory of directories) assert.match(directory, /^runs\/\d{3}-r[1-4]-[xy]-(1|2|64MiB_s)$/)
  })
})

describe('levels are amounts', () => {
  const cases: [levels: string[], amounts: ReturnType<typeof amountsOf>][] = [
    [
      ['256', '1024', '-0.5'],
      [256, 1024, -0.5],
    ],
    [
      ['500ms', '2s', '1min'],
      [0.5, 2, 60],
    ],
    [
      ['512KiB', '1GiB'],
      [0.5, 1024],
    ],
    [
      ['10%', '25%'],
      [10, 25],
    ],
    [
      ['1/s', '100/s'],
      [1, 100],
    ],
    [['1', '2s'], undefined],
    [['none', '1'], undefined],
    [['1s', '1000ms'], undefined],
  ]
  for (const [levels, amounts] of cases)
    test(levels.join(', '), () => assert.deepEqual(amountsOf(levels), amounts))
})
