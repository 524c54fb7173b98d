/** A validation over made-up runs: which are made, in which order, and what is left of them at each kind of end. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { EXIT, ResourceError } from '../../src/errors.js'
import { type Backends, recordValidation } from '../../src/run-validation.js'
import type { LoadedScenario } from '../../src/scenario/load.js'
import type { KsmPlan } from '../../src/scenario/plan.js'
import { loadPairs } from '../../src/validate/load-pairs.js'
import { metricNames } from '../../src/validate/metrics.js'
import { madeUpBackends } from '../support/validation-runs.js'

let home: string
const cwd = process.cwd()

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'twinpage-validation-'))
  process.chdir(home)
})

afterEach(() => {
  process.chdir(cwd)
  rmSync(home, { recursive: true })
})

const isLab = ({ plan }: LoadedScenario) => plan.backend === 'lab'
const labIsTenMore = (loaded: LoadedScenario) => (isLab(loaded) ? 110 : 100)

interface Request {
  replicates?: number
  /** Of the kernel. */
  CONFIG_HZ?: number | null
  set?: string[]
  signal?: AbortSignal
  onRun?: (run: string) => void
}

/** In `out`, of one shipped scenario. */
function validate(
  backends: Backends,
  { replicates = 3, CONFIG_HZ = null, set = [], signal, onRun }: Request = {},
) {
  const pairs = loadPairs(['validate-static'], { replicates, CONFIG_HZ, set })
  return recordValidation(pairs, {
    replicates,
    out: 'out',
    backends,
    onRun: (run) => onRun?.(`${run.backend}-${run.replicate} of seed ${run.loaded.plan.seed}`),
    ...(signal && { signal }),
  })
}

function readJson() {
  return JSON.parse(readFileSync('out/validate.json', 'utf8'))
}

test('each replicate is run on both, with a seed of its own, and begins where the one before ended', async () => {
  const runs: string[] = []
  await validate(
    madeUpBackends(labIsTenMore, (loaded) => {
      assert.equal(loaded.scenario.seed, loaded.plan.seed)
      return {}
    }),
    { onRun: (run) => runs.push(run) },
  )
  assert.deepEqual(runs, [
    'lab-1 of seed 1',
    'kernel-1 of seed 1',
    'kernel-2 of seed 2',
    'lab-2 of seed 2',
    'lab-3 of seed 3',
    'kernel-3 of seed 3',
  ])
})

test('the report has every metric of each scenario; validate.json those of each replicate too', async () => {
  const { report, directory, exitCode } = await validate(madeUpBackends(labIsTenMore), { replicates: 2 })
  assert.equal(exitCode, EXIT.ok)
  assert.equal(directory, join(home, 'out'))
  assert.deepEqual(readdirSync('out').sort(), ['figures', 'report.html', 'validate.json', 'validate.md'])
  const [scenario] = report.scenarios
  const { metrics, ...rest } = scenario!
  const phases = ['boot', 'merge', 'rest']
  assert.deepEqual(rest, { name: 'validate-static', replicates: 2, seeds: [1, 2], phases })
  assert.deepEqual(Object.keys(metrics), metricNames(phases))
  assert.deepEqual(metrics.pages_sharing, {
    lab: 110,
    kernel: 100,
    errorPercent: 10,
    labRange: [110, 110],
    kernelRange: [100, 100],
  })
  const runs = [1, 2].map((seed) => ({ seed, metrics }))
  assert.deepEqual(readJson(), { ...report, scenarios: [{ ...scenario, runs }] })
  assert.match(readFileSync('out/figures/validate-static.svg', 'utf8'), /<\/svg>\s*$/)
  assert.match(readFileSync('out/report.html', 'utf8'), /<img src="data:image\/svg\+xml;base64,/)
  assert.match(readFileSync('out/validate.md', 'utf8'), /\| pages_sharing +\| +110 \| +100 \| +\+10\.00 % \|/)
})

test('without a kernel to run on nothing is written', async () => {
  const requireKernel = () => {
    throw new ResourceError('no KSM here')
  }
  await assert.rejects(validate({ ...madeUpBackends(labIsTenMore), requireKernel }), /no KSM here/)
  assert.deepEqual(readdirSync('.'), [])
})

test('when the first run is refused nothing is left', async () => {
  const record = async () => {
    throw new ResourceError('too small')
  }
  await assert.rejects(validate({ ...madeUpBackends(labIsTenMore), record }), /too small/)
  assert.deepEqual(readdirSync('.'), [])
})

test('when a later run is refused the report holds the replicates that are whole', async () => {
  const backends = madeUpBackends((loaded) => {
    if (loaded.plan.seed === 2 && isLab(loaded)) throw new ResourceError('KSM is taken')
    return labIsTenMore(loaded)
  })
  await assert.rejects(validate(backends), /KSM is taken; the results so far are in .*out$/)
  const { state, messages, scenarios } = readJson()
  assert.deepEqual({ state, messages }, { state: 'failed', messages: ['KSM is taken'] })
  assert.deepEqual(scenarios[0].seeds, [1])
})

test('interrupted, it ends with the replicates that are whole, marked partial', async () => {
  const controller = new AbortController()
  const backends = madeUpBackends(labIsTenMore, (loaded) => {
    if (loaded.plan.seed === 1 || !isLab(loaded)) return {}
    controller.abort()
    return { exitCode: EXIT.interrupted }
  })
  const { report, exitCode } = await validate(backends, { signal: controller.signal })
  assert.equal(exitCode, EXIT.interrupted)
  assert.equal(report.state, 'partial')
  assert.deepEqual(report.scenarios[0]!.seeds, [1])
})

test('interrupted before any replicate is whole, it compares nothing', async () => {
  const { report } = await validate(madeUpBackends(labIsTenMore), { signal: AbortSignal.abort() })
  assert.deepEqual(report, { state: 'partial', messages: [], scenarios: [] })
  assert.ok(!existsSync('out/figures'))
})

test('a run that fails ends it, with its exit code and the place of its results', async () => {
  const runs: string[] = []
  const backends = madeUpBackends(labIsTenMore, (loaded) =>
    isLab(loaded) ? {} : { exitCode: EXIT.integrity, messages: ['a page is wrong'] },
  )
  const { report, exitCode } = await validate(backends, { onRun: (run) => runs.push(run) })
  assert.equal(exitCode, EXIT.integrity)
  assert.deepEqual(report, {
    state: 'failed',
    messages: ['validate-static/kernel-1: a page is wrong'],
    scenarios: [],
  })
  assert.equal(runs.length, 2)
})

test('guests that did not store the same in both are reported, by replicate', async () => {
  const backends = madeUpBackends(labIsTenMore, (loaded) => ({
    contents: loaded.plan.seed === 2 ? loaded.plan.backend : 'same',
  }))
  const { report } = await validate(backends)
  assert.deepEqual(report.messages, [
    'validate-static, replicate 2: guests did not store the same in the lab and in the kernel',
  ])
})

describe('the ticks of the lab:', () => {
  const SAYS = /^validate-static: the kernel has (\d+) ticks a second, the lab (\d+) \(scanner\.CONFIG_HZ\)/
  /** Of the lab's run, and what the report says of them. */
  async function ticks(request: Request) {
    const ofRuns = new Set<unknown>()
    const backends = madeUpBackends(labIsTenMore, ({ plan, scenario }) => {
      if (plan.backend !== 'lab') return {}
      const { CONFIG_HZ } = plan.scanner as KsmPlan
      assert.deepEqual(scenario.scanner, { ...scenario.scanner, CONFIG_HZ })
      ofRuns.add(CONFIG_HZ)
      return {}
    })
    rmSync('out', { recursive: true, force: true })
    const { report } = await validate(backends, { replicates: 2, ...request })
    const said = report.messages.map((message) => SAYS.exec(message)?.slice(1).map(Number))
    return { ofRuns: [...ofRuns], said }
  }

  test("are the kernel's", async () => {
    for (const CONFIG_HZ of [100, 250, 300, 1000])
      assert.deepEqual(await ticks({ CONFIG_HZ }), { ofRuns: [CONFIG_HZ], said: [] })
  })
  test('are the default where the kernel does not tell', async () => {
    assert.deepEqual(await ticks({ CONFIG_HZ: null }), { ofRuns: [250], said: [] })
  })
  test("are the scenario's where it gives them, even the default: then a message tells of both", async () => {
    for (const given of [100, 250])
      assert.deepEqual(await ticks({ CONFIG_HZ: 1000, set: [`scanner.CONFIG_HZ=${given}`] }), {
        ofRuns: [given],
        said: [[1000, given]],
      })
    const same = await ticks({ CONFIG_HZ: 1000, set: ['scanner.CONFIG_HZ=1000'] })
    assert.deepEqual(same, { ofRuns: [1000], said: [] })
  })
  test('can be none but those that a scenario can have', async () => {
    assert.deepEqual(await ticks({ CONFIG_HZ: 128 }), { ofRuns: [250], said: [[128, 250]] })
  })
})
