/** What becomes of a study whose runs fail, are missing, or belong to another one; the runs are made up. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { EXIT, ResourceError } from '../../src/errors.js'
import { markdownTable } from '../../src/report/markdown.js'
import { recordStudy } from '../../src/run-study.js'
import type { Analysis } from '../../src/study/analysis.js'
import { loadStudy } from '../../src/study/load.js'
import type { StudyRecord } from '../../src/study/record.js'
import type { RunRequest } from '../../src/study/runner.js'
import { type Finding, loadText, madeUpRuns, SMALL_STUDY, studyDirectory } from '../support/studies.js'

const directory = studyDirectory()
let studies = 0

/** A study directory of its own. */
function freshOut(): string {
  studies++
  return join(directory, `out-${studies}`)
}

function readJson<Value>(...path: string[]): Value {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as Value
}

const isHigh = ({ set }: RunRequest) => set.some((setting) => setting.includes('9000/s'))

/** High churn halves what is captured; the rate does nothing. */
function found(request: RunRequest): Finding {
  return { captured: (isHigh(request) ? 0.4 : 0.8) + (request.seed % 2) * 0.01, faults: 100 }
}

/** Makes the study, or goes on with it. */
async function make(
  out: string,
  find: (request: RunRequest) => Finding = found,
  text = SMALL_STUDY,
  signal?: AbortSignal,
) {
  const { runner, made } = madeUpRuns(find)
  const result = await recordStudy(loadText(directory, text), { out, runner, ...(signal && { signal }) })
  return { ...result, made }
}

test('a study leaves its record, all runs, their figures, an analysis, a report and charts', async () => {
  const out = freshOut()
  const { exitCode, made, analysis, markdown } = await make(out)
  assert.equal(exitCode, EXIT.ok)
  assert.equal(made.length, 8)
  assert.deepEqual(readdirSync(out).sort(), [
    'analysis.json',
    'figures',
    'report.html',
    'report.md',
    'runs',
    'runs.csv',
    'study.json',
  ])
  assert.deepEqual(readdirSync(join(out, 'figures')), [
    'captured-curve.svg',
    'captured-interaction.svg',
    'faults-curve.svg',
    'faults-interaction.svg',
  ])
  assert.deepEqual(readJson(out, 'analysis.json'), JSON.parse(JSON.stringify(analysis)))
  const [captured, faults] = analysis.responses
  assert(captured!.variance!.terms[0]!.etaSquared! > 0.99, 'churn explains what is captured')
  assert.equal(faults!.variance!.totalSumOfSquares, 0)
  assert.match(markdown, /It was the same in all runs\./)
  const report = readFileSync(join(out, 'report.md'), 'utf8')
  for (const part of [
    '## What was run',
    '`scale=16`',
    '## How to repeat it',
    'figures/captured-interaction.svg',
    'Node.js',
  ])
    assert(report.includes(part), part)
})

test('runs.csv has a line for each run in its order, with levels, responses, state and directory', async () => {
  const out = freshOut()
  await make(out, (request) => (isHigh(request) ? EXIT.resources : { captured: null, faults: 3 }))
  const [head, ...lines] = readFileSync(join(out, 'runs.csv'), 'utf8').trimEnd().split('\n')
  assert.equal(head, 'run,replicate,seed,churn,rate,captured,faults,state,seconds,directory')
  assert.equal(lines.length, 8)
  for (const [index, line] of lines.entries()) {
    const fields = line.split(',')
    assert.deepEqual(fields.slice(0, 3), [
      String(index + 1),
      index < 4 ? '1' : '2',
      index < 4 ? '3001' : '3002',
    ])
    const expected = fields[3] === 'high' ? ['', '', 'failed', ''] : ['', '3', 'complete', '2']
    assert.deepEqual(fields.slice(5, 9), expected)
    assert.match(fields[9]!, new RegExp(`^runs/00${index + 1}-r${fields[1]}-${fields[3]}-${fields[4]}$`))
  }
})

describe('started again', () => {
  test('a complete study makes no run, and gives the same analysis', async () => {
    const out = freshOut()
    const first = await make(out)
    const second = await make(out)
    assert.equal(second.made.length, 0)
    assert.deepEqual(second.analysis, first.analysis)
  })

  test('it makes what is missing, incomplete, damaged or without integrity, and replaces what is there of it', async () => {
    const out = freshOut()
    await make(out)
    const { runs } = readJson<StudyRecord>(out, 'study.json')
    const at = (index: number) => join(out, runs[index]!.directory)
    const change = (index: number, file: string, edit: (text: string) => string) =>
      writeFileSync(join(at(index), file), edit(readFileSync(join(at(index), file), 'utf8')))
    rmSync(at(0), { recursive: true })
    change(1, 'manifest.json', (text) => text.replace('"state":"complete"', '"state":"partial"'))
    change(2, 'summary.json', (text) => text.slice(0, 20))
    change(3, 'summary.json', (text) => text.replace('"mismatches":0', '"mismatches":1'))
    // No process has this number.
    change(4, 'manifest.json', (text) =>
      text.replace('"state":"complete"', '"state":"running"').replace(/"pid":\d+/, '"pid":4194305'),
    )
    writeFileSync(join(at(1), 'left-over'), '')
    const { made, exitCode, analysis } = await make(out)
    assert.deepEqual(
      made.map((request) => request.directory),
      [0, 1, 2, 3, 4].map(at),
    )
    assert(!existsSync(join(at(1), 'left-over')))
    assert.deepEqual({ exitCode, state: analysis.state }, { exitCode: EXIT.ok, state: 'complete' })
  })

  test('it is the same study from wherever its file is named', async () => {
    const scenario =
      'host: { memory: 16MiB }\nguests: [{ name: g, memory: 4MiB }]\nphases: [{ name: busy, duration: 1s }]\n'
    writeFileSync(join(directory, 'beside.yaml'), scenario)
    const text = SMALL_STUDY.replace('scenario: quick', 'scenario: ./beside.yaml')
      .replace('scale: 16', 'scale: 1')
      .replace("{ 'guests.*.workload.busy.0.rate': 9000/s }", '{ guests.0.memory: 2MiB }')
    const out = freshOut()
    await make(out, found, text)
    const { runner, made } = madeUpRuns(found)
    await recordStudy(loadStudy(relative(process.cwd(), join(directory, 'small.yaml'))), { out, runner })
    assert.equal(made.length, 0)
  })

  test('with more replicates it makes those', async () => {
    const out = freshOut()
    await make(out)
    const { made } = await make(out, found, SMALL_STUDY.replace('replicates: 2', 'replicates: 3'))
    assert.equal(made.length, 4)
    assert(made.every(({ seed }) => seed === 3003))
  })

  test('with other responses, labels and words it makes no run, and analyses anew', async () => {
    const out = freshOut()
    await make(out)
    const text = SMALL_STUDY.replace('for tests', 'others').replace('captured:', 'kept:')
    const { made, analysis } = await make(out, found, text)
    assert.equal(made.length, 0)
    assert.equal(analysis.responses[0]!.name, 'kept')
    assert(existsSync(join(out, 'figures', 'kept-curve.svg')))
    assert(!existsSync(join(out, 'figures', 'captured-curve.svg')))
  })

  const others: [from: string, to: string, says: RegExp][] = [
    ['scale: 16', 'scale: 32', /study: set\.scale was 16, is now 32/],
    [
      '9000/s',
      '8000/s',
      /study: factors\.churn\.levels\.1\.settings\.guests\.\*\.workload\.busy\.0\.rate was "9000\/s", is now "8000\/s"/,
    ],
    ['[256, 1024]', '[256, 512]', /study: factors\.rate\.levels\.1\.name was "1024", is now "512"/],
    ['[256, 1024]', '[1024, 256]', /study: factors\.rate\.levels\.0\.name was "256", is now "1024"/],
    ['  churn:', '  stirring:', /study: factors was churn, rate, is now stirring, rate/],
    ['seed: 3', 'seed: 4', /study: seed was 3, is now 4/],
  ]
  for (const [from, to, says] of others) {
    test(`with ${to} it is refused, and nothing changes`, async () => {
      const out = freshOut()
      await make(out)
      const before = readFileSync(join(out, 'study.json'), 'utf8')
      const made = make(out, found, SMALL_STUDY.replace(from, to))
      await assert.rejects(made, (error: Error) => {
        assert.match(error.message, /^--out: .*holds another study: [^\n]*; allowed is the same study/)
        assert.match(error.message, says)
        return true
      })
      assert.equal(readFileSync(join(out, 'study.json'), 'utf8'), before)
    })
  }

  test('with fewer replicates it is refused', async () => {
    const out = freshOut()
    await make(out, found, SMALL_STUDY.replace('replicates: 2', 'replicates: 3'))
    await assert.rejects(make(out), /replicates was 3, is now 2/)
  })

  test('on another machine it is refused', async () => {
    const out = freshOut()
    await make(out)
    const file = join(out, 'study.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace(/"cpuModel": "[^"]*"/, '"cpuModel": "another"'))
    await assert.rejects(make(out), /study: cpuModel was "another", is now/)
  })

  test('after its scenario has changed it is refused', async () => {
    const scenario = join(directory, 'changing.yaml')
    const text = (memory: string) =>
      `host: { memory: ${memory} }\nguests: [{ name: g, memory: 4MiB, workload: { busy: [{ do: update, where: all, rate: 5/s }] } }]\nphases: [{ name: busy, duration: 1s }]\n`
    const study = SMALL_STUDY.replace('scenario: quick', 'scenario: changing.yaml').replace(
      'scale: 16',
      'scale: 1',
    )
    const out = freshOut()
    writeFileSync(scenario, text('16MiB'))
    await make(out, found, study)
    writeFileSync(scenario, text('32MiB'))
    await assert.rejects(make(out, found, study), /in runs\/001-\S+ host\.memory was "16MiB", is now "32MiB"/)
  })

  test('while another process is at one of its runs it is refused', async () => {
    const out = freshOut()
    await make(out)
    const file = join(out, readJson<StudyRecord>(out, 'study.json').runs[2]!.directory, 'manifest.json')
    const text = readFileSync(file, 'utf8').replace('"state":"complete"', '"state":"running"')
    writeFileSync(file, text.replace(/"pid":\d+/, `"pid":${process.pid}`))
    await assert.rejects(make(out), /is being run by process \d+; wait for its end/)
  })
})

describe('a directory that is not its own is refused:', () => {
  test('one with other files', async () => {
    const out = freshOut()
    mkdirSync(out)
    writeFileSync(join(out, 'mine.txt'), '')
    await assert.rejects(make(out), /--out: .* is not empty/)
    assert.deepEqual(readdirSync(out), ['mine.txt'])
  })
  test('one whose study.json is none', async () => {
    const out = freshOut()
    mkdirSync(out)
    for (const text of ['{', '{}', 'null']) {
      writeFileSync(join(out, 'study.json'), text)
      await assert.rejects(make(out), /study\.json: --out: is not the record of a study/)
    }
  })
})

describe('runs that fail', () => {
  test('are told of at the end, the study goes on, and its exit code is that of the first', async () => {
    const out = freshOut()
    let made = 0
    const { exitCode, analysis } = await make(out, (request) => {
      made++
      return made === 2 ? EXIT.integrity : made === 4 ? EXIT.resources : found(request)
    })
    assert.equal(exitCode, EXIT.integrity)
    assert.equal(analysis.state, 'partial')
    assert.deepEqual(analysis.runs, { planned: 8, complete: 6 })
    assert.match(analysis.messages[0]!, /^runs\/002-\S+ failed: made up to fail with 4$/)
    assert.match(analysis.messages[2]!, /^2 of 8 runs failed, and count as missing/)
    const { runs, state } = readJson<StudyRecord>(out, 'study.json')
    assert.equal(state, 'partial')
    assert.deepEqual([runs[1]!.state, runs[1]!.message], ['failed', 'made up to fail with 4'])
    const again = await make(out)
    assert.deepEqual([again.made.length, again.exitCode], [2, EXIT.ok])
  })

  test('that say they went well but leave nothing have failed too', async () => {
    const { exitCode, analysis } = await make(freshOut(), () => EXIT.ok)
    assert.equal(exitCode, EXIT.internal)
    assert.equal(analysis.runs.complete, 0)
    assert.equal(analysis.responses[0]!.variance, null)
  })
})

test('an interrupted study has the analysis of what is complete, marked partial', async () => {
  const out = freshOut()
  const controller = new AbortController()
  let made = 0
  const find = (request: RunRequest) => {
    made++
    if (made === 6) controller.abort()
    return made === 6 ? EXIT.interrupted : found(request)
  }
  const { exitCode, analysis } = await make(out, find, SMALL_STUDY, controller.signal)
  assert.equal(exitCode, EXIT.interrupted)
  assert.deepEqual(analysis.runs, { planned: 8, complete: 5 })
  assert.deepEqual(analysis.messages, ['3 of 8 runs were not made; the same command goes on with them'])
  assert.match(readFileSync(join(out, 'report.md'), 'utf8'), /^Partial: 5 of 8 runs\.$/m)
  assert.equal(readJson<Analysis>(out, 'analysis.json').state, 'partial')
  const again = await make(out)
  assert.equal(again.made.length, 3)
  assert.equal(again.analysis.state, 'complete')
})

test('a response that leads to nothing is refused after the first run, which is kept', async () => {
  const out = freshOut()
  const text = SMALL_STUDY.replace('cow.faults', 'cow.fault')
  await assert.rejects(
    make(out, found, text),
    /small\.yaml:17: responses\.faults\.path: unknown path: phases\.busy\.cow has no "fault", did you mean faults\?/,
  )
  assert.equal(readJson<StudyRecord>(out, 'study.json').state, 'partial')
  assert.equal(readdirSync(join(out, 'runs')).length, 1)
  assert.equal((await make(out)).made.length, 7)
})

test('what some runs have no value of is told, and missing from its means', async () => {
  const { analysis } = await make(freshOut(), (request) => ({
    captured: isHigh(request) ? null : 0.5,
    faults: 1,
  }))
  assert.deepEqual(analysis.messages, ['4 of 8 complete runs have no captured'])
  const [captured, faults] = analysis.responses
  assert.deepEqual(
    captured!.cells.map(({ count, mean }) => [count, mean]),
    [
      [2, 0.5],
      [2, 0.5],
      [0, null],
      [0, null],
    ],
  )
  assert.equal(captured!.variance, null)
  assert.equal(faults!.variance!.replicates, 2)
})

test('a study that another process is making is left alone, between its runs too', async () => {
  const out = freshOut()
  await make(out)
  const record = { ...readJson<StudyRecord>(out, 'study.json'), state: 'running' }
  const write = (pid: number) => writeFileSync(join(out, 'study.json'), JSON.stringify({ ...record, pid }))
  write(process.ppid)
  await assert.rejects(make(out), {
    name: 'UserError',
    message: `--out: ${out} is being run by process ${process.ppid}; wait for its end, or name another directory`,
  })
  // No process has this number.
  write(2 ** 30)
  assert.equal((await make(out)).exitCode, EXIT.ok)
})

test('a study.json that can not be read is the mistake of whoever named the directory', async () => {
  const out = freshOut()
  mkdirSync(join(out, 'study.json'), { recursive: true })
  await assert.rejects(make(out), { name: 'UserError', message: /is not the record of a study/ })
})

test('a directory that can’t be written to in the middle of a study is said in one line', async () => {
  const out = freshOut()
  const spoil = (request: RunRequest) => {
    rmSync(join(out, 'study.json'), { force: true, recursive: true })
    mkdirSync(join(out, 'study.json'))
    return found(request)
  }
  await assert.rejects(
    make(out, spoil),
    (error) =>
      error instanceof ResourceError && /^can't keep the study in .*EISDIR[^\n]*$/.test(error.message),
  )
})

test('a complete run without options is made again', async () => {
  const out = freshOut()
  await make(out)
  const manifest = join(out, 'runs', readdirSync(join(out, 'runs'))[0]!, 'manifest.json')
  const { options: _, ...rest } = readJson<{ options: object }>(manifest)
  writeFileSync(manifest, JSON.stringify(rest))
  assert.equal((await make(out)).made.length, 1)
})

test('a bar in a name is no end of a table’s cell', () => {
  assert.equal(markdownTable([['a|b', 'c']])[0], '| a\\|b |   c |')
})
