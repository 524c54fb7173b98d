/** Which runs are found at the paths that are named, and what of them is left out or refused. */
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { compareRuns } from '../../src/compare/comparison.js'
import { findRuns } from '../../src/compare/runs.js'
import { comparisonTable } from '../../src/compare/table.js'
import { UserError } from '../../src/errors.js'
import { leaveRun } from '../support/compared-runs.js'
import { studyDirectory } from '../support/studies.js'

const directories = (paths: string[]) => findRuns(paths).runs.map(({ directory }) => directory)

describe('runs', () => {
  test('of a directory that holds several are all there, whatever else is', () => {
    const root = studyDirectory()
    leaveRun(join(root, 'b'), { seed: 2 })
    leaveRun(join(root, 'a'), { seed: 1 })
    mkdirSync(join(root, 'figures'))
    writeFileSync(join(root, 'notes.txt'), '')
    assert.deepEqual(directories([root]), [join(root, 'a'), join(root, 'b')])
  })

  test('of a study are those in its runs/', () => {
    const root = studyDirectory()
    writeFileSync(join(root, 'study.json'), '{}')
    leaveRun(join(root, 'runs', '001-r1-low'), {})
    assert.deepEqual(directories([root]), [join(root, 'runs', '001-r1-low')])
  })

  test('that are named twice, under whatever name, are counted once, with a warning', () => {
    const root = studyDirectory()
    leaveRun(join(root, 'run'), {})
    symlinkSync(join(root, 'run'), join(root, 'link'))
    const { runs, warnings } = findRuns([join(root, 'run'), join(root, 'link')])
    assert.equal(runs.length, 1)
    assert.deepEqual(warnings, [`${join(root, 'link')} is named twice, and counted once`])
  })

  for (const [what, leave, finding] of [
    ['failed', (path: string) => leaveRun(path, { state: 'failed' }), /the run failed$/],
    [
      'is not over',
      (path: string) => leaveRun(path, { state: 'running' }),
      /the run is not over, or was killed$/,
    ],
    [
      'has no figures',
      (path: string) => leaveRun(path, {}, []),
      /summary\.json is not that of a run: all of it: .*$/,
    ],
  ] as const)
    test(`one that ${what} is left out of many with a warning, and is an error alone`, () => {
      const root = studyDirectory()
      leaveRun(join(root, 'good'), {})
      leave(join(root, 'bad'))
      const { runs, warnings } = findRuns([root])
      assert.equal(runs.length, 1)
      assert.equal(warnings.length, 1)
      assert(warnings[0]!.startsWith(`left out: ${join(root, 'bad')}: `))
      assert.match(warnings[0]!, finding)
      assert.throws(() => findRuns([join(root, 'good'), join(root, 'bad')]), UserError)
    })

  test('of which none has results are an error', () => {
    const root = studyDirectory()
    leaveRun(join(root, 'bad'), { state: 'failed' })
    assert.throws(() => findRuns([root]), /none of the runs in it has results; allowed is /)
  })
})

describe('a hostile summary.json', () => {
  const phase = { name: 'busy' }
  const whole = {
    scale: { memory: 1, time: 1 },
    phases: [phase],
    integrity: { mismatches: 0, leakedFrames: 0, violations: 0 },
  }
  for (const [summary, finding] of [
    [null, /all of it: /],
    [{ ...whole, scale: { memory: 0, time: 1 } }, /scale\.memory: /],
    [{ ...whole, phases: { busy: {} } }, /phases: /],
    [{ ...whole, phases: [null] }, /phases\.0: /],
    [{ ...whole, phases: [{ name: 7 }] }, /phases\.0\.name: /],
    [{ ...whole, integrity: {} }, /integrity\.mismatches: /],
  ] as const)
    test(`${JSON.stringify(summary)} is refused, and where it is wrong is said`, () => {
      const root = studyDirectory()
      leaveRun(join(root, 'run'), {}, summary ?? 0)
      assert.throws(() => findRuns([join(root, 'run')]), finding)
    })

  test('with figures that no run can have is compared without them', () => {
    const root = studyDirectory()
    const figures = { captureRatio: 'much', brokenMiB: -1, scan: { cpuSeconds: 1e300 }, swap: { outs: 3 } }
    leaveRun(join(root, 'run'), {}, { ...whole, phases: [{ ...phase, ...figures, fullSize: null }] })
    const { phases } = compareRuns(findRuns([join(root, 'run')]))
    const known = phases[0]!.figures.filter(({ groups }) => groups[0]!.mean !== null)
    assert.deepEqual(
      known.map(({ path, groups }) => [path, groups[0]!.mean]),
      [['swap.outs', 3]],
    )
  })

  test('commands no terminal', () => {
    const root = studyDirectory()
    const name = '\u001b[2Jbusy\nx'
    leaveRun(join(root, 'a'), { scenario: name }, { ...whole, phases: [{ name, swap: { outs: 1 } }] })
    leaveRun(
      join(root, 'b'),
      { rate: 9, scenario: 'other' },
      { ...whole, phases: [{ name, swap: { outs: 1 } }] },
    )
    leaveRun(join(root, 'c'), { rate: 8 }, whole)
    const comparison = compareRuns(findRuns([join(root, 'a'), join(root, 'b')]))
    const { warnings } = compareRuns(findRuns([root]))
    assert.equal(warnings.length, 4)
    for (const line of [...comparisonTable(comparison, 80).split('\n'), ...warnings])
      assert.doesNotMatch(line, /\p{Cc}/u)
  })
})
