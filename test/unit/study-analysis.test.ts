/** What the analysis says of runs, complete and incomplete; in CSV, in the report and on charts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Analysis, analyse, type Observation, ResponseValues } from '../../src/study/analysis.js'
import { curveChart } from '../../src/study/curve-chart.js'
import { cellsOf, scheduleOf } from '../../src/study/design.js'
import { interactionChart } from '../../src/study/interaction-chart.js'
import { figure, percent } from '../../src/study/labels.js'
import { describePanels, renderPanels } from '../../src/study/panels.js'
import { environmentOf, type RunRecord } from '../../src/study/record.js'
import { studyMarkdown } from '../../src/study/report.js'
import { runsCsv } from '../../src/study/runs-csv.js'
import type { Factor, Study } from '../../src/study/study.js'

function factor(name: string, levels: readonly string[], amounts?: number[]): Factor {
  const pathOf = () => []
  return {
    name,
    unit: '',
    amounts,
    levels: levels.map((level) => ({ name: level, settings: { [name]: level }, pathOf })),
  }
}

function studyOf(factors: readonly Factor[], replicates = 4): Study {
  return {
    name: 'small',
    given: './small.yaml',
    description: 'for tests',
    scenario: 'quick',
    set: { scale: 2 },
    seed: 1,
    replicates,
    factors: [...factors],
    responses: [{ name: 'y', path: 'phases.busy.y', label: 'what is measured', unit: 'MiB' }],
  }
}

type Value = (levels: readonly number[], replicate: number) => number | null | undefined

/** Undefined: the run is missing. */
function observe(study: Study, value: Value): Observation[] {
  return cellsOf(study).flatMap(({ index, levels }) =>
    Array.from({ length: study.replicates }, (_, replicate) => replicate + 1).flatMap((replicate) => {
      const found = value(levels, replicate)
      return found === undefined ? [] : [{ cell: index, replicate, values: [found] }]
    }),
  )
}

function valuesOf(study: Study, observations: readonly Observation[]): ResponseValues {
  return new ResponseValues(study, cellsOf(study), 0, observations)
}

function analysisOf(study: Study, value: Value): Analysis {
  const observations = observe(study, value)
  const runs = { planned: cellsOf(study).length * study.replicates, complete: observations.length }
  return analyse(study, [valuesOf(study, observations)], runs, [], [])
}

const ab = studyOf([factor('a', ['low', 'high']), factor('b', ['1', '10', '100'], [1, 10, 100])])
const noise = (levels: readonly number[], replicate: number) =>
  ((levels[0]! * 7 + levels[1]! * 3 + replicate * 5) % 4) / 10

describe('means', () => {
  test('of a cell, of a level over all cells that have it, and of differences between levels', () => {
    const { cells, levels, differences } = analysisOf(
      ab,
      ([a, b], replicate) => 10 * a! + b! + 100 * replicate,
    ).responses[0]!
    assert.deepEqual(
      cells.map(({ levels, count, mean }) => [levels.a, levels.b, count, mean]),
      [
        ['low', '1', 4, 250],
        ['low', '10', 4, 251],
        ['low', '100', 4, 252],
        ['high', '1', 4, 260],
        ['high', '10', 4, 261],
        ['high', '100', 4, 262],
      ],
    )
    assert.deepEqual(
      levels.map(({ factor, level, mean }) => [factor, level, mean]),
      [
        ['a', 'low', 251],
        ['a', 'high', 261],
        ['b', '1', 255],
        ['b', '10', 256],
        ['b', '100', 257],
      ],
    )
    // Replicates are 100 apart, but within each of them a level differs from another by the same: no doubt is left.
    assert.deepEqual(
      differences.map(({ factor, from, to, mean, interval }) => [factor, from, to, mean, interval]),
      [
        ['a', 'low', 'high', 10, [10, 10]],
        ['b', '1', '10', 1, [1, 1]],
        ['b', '1', '100', 2, [2, 2]],
      ],
    )
  })

  test('the order in which runs come changes nothing', () => {
    const observations = observe(ab, (levels, replicate) => levels[0]! + noise(levels, replicate))
    const analysisIn = (order: readonly Observation[]) =>
      analyse(ab, [valuesOf(ab, order)], { planned: 24, complete: 24 }, [], [])
    const expected = analysisIn(observations)
    fc.assert(
      fc.property(fc.shuffledSubarray(observations, { minLength: 24 }), (order) => {
        assert.deepEqual(analysisIn(order), expected)
      }),
      { numRuns: 3 },
    )
  })
})

describe('where runs are missing', () => {
  const planted: Value = (levels, replicate) => levels[0]! + noise(levels, replicate)
  const without =
    (value: Value): Value =>
    (levels, replicate) => {
      const isMissing = (replicate === 2 && levels[0] === 1 && levels[1] === 2) || replicate === 4
      return isMissing ? undefined : value(levels, replicate)
    }
  test('each mean is of what is there, the shares are of complete replicates', () => {
    const { state, responses } = analysisOf(ab, without(planted))
    const { cells, levels, differences, variance } = responses[0]!
    assert.equal(state, 'partial')
    assert.deepEqual(
      cells.map(({ count }) => count),
      [3, 3, 3, 3, 3, 2],
    )
    assert.deepEqual(
      levels.map(({ count }) => count),
      [3, 2, 3, 3, 2],
    )
    assert.deepEqual(
      differences.map(({ count }) => count),
      [2, 3, 2],
    )
    assert.equal(variance!.replicates, 2)
  })
  test('the shares are those of the complete replicates alone', () => {
    const some = analysisOf(ab, without(planted)).responses[0]!.variance!
    const two = { ...ab, replicates: 2 }
    const alone = analysisOf(two, (levels, replicate) => planted(levels, replicate === 1 ? 1 : 3))
      .responses[0]!.variance!
    assert.deepEqual(
      some.terms.map(({ etaSquared }) => etaSquared),
      alone.terms.map(({ etaSquared }) => etaSquared),
    )
  })
  test('of one complete replicate there are none', () => {
    const { variance, cells } = analysisOf(ab, (levels, replicate) =>
      replicate === 1 ? levels[0]! : undefined,
    ).responses[0]!
    assert.equal(variance, null)
    assert.deepEqual([cells[0]!.count, cells[0]!.mean, cells[0]!.interval], [1, 0, null])
  })
})

test('the shares have names, and intervals that hold them', () => {
  const abc = studyOf([factor('a', ['0', '1']), factor('b', ['0', '1']), factor('c', ['0', '1'])], 6)
  const { terms } = analysisOf(
    abc,
    ([a, b, c], replicate) => a! + a! * b! + ((a! + 2 * b! + c! + replicate) % 3) / 5,
  ).responses[0]!.variance!
  assert.deepEqual(
    terms.map(({ name }) => name),
    ['a', 'b', 'c', 'a × b', 'a × c', 'b × c', 'higher interactions'],
  )
  assert(terms[0]!.omegaSquared! > 0.6)
  for (const { name, omegaSquared, interval } of terms) {
    const share = Math.max(0, omegaSquared!)
    assert(interval![0] <= share + 0.02 && share - 0.02 <= interval![1], `${name}: ${share} in ${interval}`)
  }
})

test('the report has a table of shares, of differences and of cells, and says how to read them', () => {
  const analysis = analysisOf(ab, (levels, replicate) => levels[0]! + noise(levels, replicate))
  const { report, answer } = studyMarkdown(analysis, ab, environmentOf())
  for (const text of [answer, report]) {
    assert.match(text, /^# small\n\nfor tests\n\nComplete: 24 runs\.$/m)
    assert.match(text, /^## what is measured \(MiB\)$/m)
    assert.match(text, /^\| a × b +\|( +[\d.]+ % \|) +[\d.]+ % to [\d.]+ % \| +[\d.]+ % \| +2 \|/m)
    assert.match(text, /^\| a +\| low +\| high +\| +4 \|/m)
    assert.match(text, /^\| high \| 100 \| +4 \|/m)
    for (const line of text.split('\n')) if (line.startsWith('|')) assert(line.endsWith('|'))
  }
  assert.match(report, /`scale=2`/)
  assert.match(report, /!\[what is measured: curve\]\(figures\/y-curve\.svg\)/)
  assert.match(report, /ω² is the same without what chance is expected to add/)
  assert(!answer.includes('figures/'))
})

describe('charts', () => {
  const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text!)
  const response = ab.responses[0]!
  const values = valuesOf(
    ab,
    observe(ab, (levels, replicate) => levels[0]! + levels[1]! + noise(levels, replicate)),
  )

  test('the interaction plot has the factor with amounts below, and a line for each level of the other', () => {
    const texts = textsOf(renderPanels(interactionChart(ab, response, values)!))
    for (const text of ['small: what is measured by b and a', 'b', 'a low', 'a high', '1', '10', '100'])
      assert(texts.includes(text), text)
    assert(texts.includes('what is measured (MiB)'))
  })
  test('the response curve has an axis of amounts, logarithmic where they are far apart', () => {
    const texts = textsOf(renderPanels(curveChart(ab, response, values)!))
    for (const text of ['b, logarithmic', '1', '10', '100']) assert(texts.includes(text), text)
    assert.deepEqual(curveChart(ab, response, values)!.panels[0]!.positions, [0, 1, 2])
    const near = studyOf([factor('b', ['5', '1'], [5, 1])])
    const panel = curveChart(
      near,
      response,
      valuesOf(
        near,
        observe(near, ([b]) => b!),
      ),
    )!.panels[0]!
    assert.deepEqual([panel.xName, panel.positions, panel.labels], ['b', [1, 5], ['1', '5']])
    assert.deepEqual(
      panel.lines[0]!.means.map(({ mean }) => mean),
      [1, 0],
    )
  })
  test('there is none without amounts, and no interaction of one factor', () => {
    const one = studyOf([factor('a', ['low', 'high'])])
    const ofOne = valuesOf(
      one,
      observe(one, ([a]) => a!),
    )
    assert.equal(curveChart(one, response, ofOne), undefined)
    assert.equal(interactionChart(one, response, ofOne), undefined)
  })
  test('a third factor has a panel for each level; more are averaged over, and it says so', () => {
    // Two amounts make no axis.
    const words = ['a', 'b', 'c'].map((name) => factor(name, [`${name}0`, `${name}1`]))
    const four = studyOf([...words, factor('d', ['0', '19'], [0, 19])])
    const ofFour = valuesOf(
      four,
      observe(four, ([a, b, c, d]) => 1000 * a! + 100 * b! + 10 * c! + d!),
    )
    const chart = interactionChart(four, response, ofFour)!
    assert.deepEqual(
      chart.panels.map(({ title, lines }) => [
        title,
        ...lines.map(({ name, means }) => [name, ...means.map(({ mean }) => mean)]),
      ]),
      [
        ['c c0', ['b b0', 0.5, 1000.5], ['b b1', 100.5, 1100.5]],
        ['c c1', ['b b0', 10.5, 1010.5], ['b b1', 110.5, 1110.5]],
      ],
    )
    const texts = textsOf(renderPanels(chart))
    for (const text of ['c c0', 'c c1', 'b b0', 'a0', 'a1']) assert(texts.includes(text), text)
    assert(texts.some((text) => text.endsWith('averaged over d')))
  })
  test('a study without a run has charts without lines', () => {
    assert.match(renderPanels(interactionChart(ab, response, valuesOf(ab, []))!), /<\/svg>\s*$/)
  })
  test('bars reach from the low to the high end of each interval, and marks stand at the means', () => {
    const means = [
      { count: 3, mean: 5, interval: [4, 7] as [number, number] },
      { count: 0, mean: null, interval: null },
      { count: 1, mean: 9, interval: null },
    ]
    const { option } = describePanels({
      title: '',
      subtext: '',
      yName: '',
      panels: [
        {
          title: '',
          xName: '',
          positions: [0, 1, 2],
          labels: ['x', 'y', 'z'],
          lines: [{ name: 'l', color: '#000000', offset: 0.1, means }],
        },
      ],
    })
    const [line, bars] = option.series as { data: unknown[] }[]
    assert.deepEqual(line!.data, [
      [0.1, 5],
      [2.1, 9],
    ])
    assert.deepEqual(bars!.data, [
      [0.1, 4],
      [0.1, 7],
      ['-', '-'],
    ])
    const [axis] = option.yAxis as { min: number; max: number }[]
    assert.deepEqual([axis!.min, axis!.max], [0, 10])
  })
})

test('fields of runs.csv are quoted where they must be', () => {
  const study = studyOf([factor('a', ['x,y', 'say "z"'])], 2)
  const cells = cellsOf(study)
  const runs = scheduleOf(study, cells).map((run): RunRecord => ({ ...run, state: 'missing', seconds: null }))
  const text = runsCsv(study, cells, runs)
  assert.match(text, /^run,replicate,seed,a,y,state,seconds,directory\n/)
  assert.match(text, /^\d,1,1001,"x,y",,missing,,runs\/00\d-r1-x_y$/m)
  assert.match(text, /^\d,1,1001,"say ""z""",,missing,,/m)
})

test('figures have four significant digits, shares one decimal', () => {
  const figures: [number | null, string][] = [
    [0.123456, '0.1235'],
    [1234567, '1,235,000'],
    [0.000012345, '0.00001235'],
    [-2, '-2'],
    [-0, '0'],
    [null, '-'],
  ]
  for (const [value, text] of figures) assert.equal(figure(value), text)
  assert.deepEqual([percent(0.5), percent(-0.01), percent(null)], ['50.0 %', '0.0 %', '-'])
})
