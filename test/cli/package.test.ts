/** The packed package, installed somewhere else: does its command run there, and does its library? */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  readJson,
  readManifest,
  readSummary,
  runTwinpage,
  smallQuick,
  temporaryDirectory,
} from '../support/cli.js'

const run = promisify(execFile)
const LIMIT = { timeout: 60_000 }
const PROJECT = fileURLToPath(new URL('../../../', import.meta.url))
const cwd = temporaryDirectory()
const modules = join(cwd, 'node_modules')
const installed = join(modules, 'twinpage')

interface PackageFile {
  bin: { twinpage: string }
  dependencies: Record<string, string>
}

/** Without scripts: packing must not rebuild what other tests are running from. */
async function pack(): Promise<string> {
  const args = ['pack', '--ignore-scripts', '--offline', '--silent', '--pack-destination', cwd]
  const npm = process.env.npm_execpath
  const [program, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  await run(program, [...first, ...args], { cwd: PROJECT, ...LIMIT })
  const file = readdirSync(cwd).find((name) => name.endsWith('.tgz'))
  assert(file !== undefined)
  return join(cwd, file)
}

/** As npm would, but without a network: what the package declares is linked, and nothing else can be found. */
async function install(tarball: string): Promise<void> {
  mkdirSync(installed, { recursive: true })
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], LIMIT)
  const { dependencies } = readJson<PackageFile>(installed, 'package.json')
  for (const name of Object.keys(dependencies)) symlinkSync(folderOf(name), join(modules, name))
}

function folderOf(name: string): string {
  const folders = createRequire(join(PROJECT, 'package.json')).resolve.paths(name) ?? []
  const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(folder))
  assert(found !== undefined, `${name} is installed`)
  return found
}

const small = smallQuick()

before(async () => install(await pack()))

describe('the command', { concurrency: 2 }, () => {
  const bin = () => join(installed, readJson<PackageFile>(installed, 'package.json').bin.twinpage)

  test('finds the scenarios that ship, and their trace', async () => {
    const { code, stdout, stderr } = await runTwinpage(['check', 'debian-trace', '--json'], {
      cwd,
      script: bin(),
    })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const { trace } = JSON.parse(stdout) as { trace: string }
    assert.equal(dirname(trace), join(installed, 'scenarios'))
  })

  test('runs a scenario and leaves its results', async () => {
    const args = ['run', 'quick', '--out', 'by-command', '--quiet', ...small]
    const ended = await runTwinpage(args, { cwd, script: bin() })
    assert.deepEqual(ended, { code: 0, signal: null, stdout: '', stderr: '' })
    assert.equal(readManifest(join(cwd, 'by-command')).state, 'complete')
  })
})

const CONSUMER = `
import { createRequire } from 'node:module'
import { loadScenario, readTrace, runExperiment, shippedScenarios, traceInfo, UserError } from 'twinpage'

const samples = []
const set = ${JSON.stringify(small.filter((word) => word !== '--set'))}
const result = await runExperiment('quick', {
  seed: 7, set, out: 'by-library', onSample: (sample) => samples.push(sample.timeSeconds),
})
const refused = await runExperiment('quick', { set: ['host.memory=1GB'], out: 'refused' }).catch((error) => error)
const stop = new AbortController()
const stopped = await runExperiment(loadScenario('quick', { set: [...set, 'phases.1.duration=60min'] }), {
  out: 'stopped', signal: stop.signal, onSample: ({ phase }) => phase === 'idle' && stop.abort(),
})
const { trace } = loadScenario('debian-trace').plan
const schema = createRequire(import.meta.url)('twinpage/scenario.schema.json')
console.log(JSON.stringify({
  summary: result.summary, directory: result.directory, exitCode: result.exitCode, samples: samples.length,
  refused: refused instanceof UserError && refused.message,
  stopped: [stopped.summary.state, stopped.exitCode, stopped.failure === undefined],
  shipped: shippedScenarios().map(({ name }) => name),
  snapshots: traceInfo(readTrace(trace.file)).snapshots.length,
  schema: schema.type,
}))
`

interface Consumed {
  summary: unknown
  directory: string
  exitCode: number
  samples: number
  refused: string
  stopped: unknown[]
  shipped: string[]
  snapshots: number
  schema: string
}

describe('the library', { concurrency: 2 }, () => {
  test('runs experiments, refuses mistakes with an error, stops when asked, and reads traces', async () => {
    writeFileSync(join(cwd, 'consumer.mjs'), CONSUMER)
    const { stdout, stderr } = await run(process.execPath, ['consumer.mjs'], { cwd, ...LIMIT })
    assert.equal(stderr, '')
    const { summary, directory, refused, ...rest } = JSON.parse(stdout) as Consumed
    assert.equal(directory, join(cwd, 'by-library'))
    assert.deepEqual(summary, readSummary(directory))
    assert.match(refused, /host\.memory: expected a size/)
    assert.equal(existsSync(join(cwd, 'refused')), false)
    assert(rest.samples > 3)
    assert.deepEqual(
      { ...rest, samples: 0 },
      {
        exitCode: 0,
        samples: 0,
        stopped: ['partial', 130, true],
        shipped: [
          'case-study',
          'debian-trace',
          'ksm-trace',
          'quick',
          'validate-churn',
          'validate-static',
          'validate-zero',
        ],
        snapshots: 73,
        schema: 'object',
      },
    )
  })

  test('is typed, for a strict program', async () => {
    mkdirSync(join(modules, '@types'))
    symlinkSync(folderOf('@types/node'), join(modules, '@types', 'node'))
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      noEmit: true,
      types: ['node'],
    }
    writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.mts'] }))
    writeFileSync(
      join(cwd, 'typed.mts'),
      `import { type ExperimentResult, runExperiment, type Summary } from 'twinpage'
const result: ExperimentResult = await runExperiment('quick', { seed: 7 })
const summary: Summary = result.summary
export const ratio: number | null = summary.phases[0]!.captureRatio
// @ts-expect-error: a seed is a number
await runExperiment('quick', { seed: 'seven' })
// @ts-expect-error: there is no such figure
export const none = summary.phases[0]!.noSuchFigure
`,
    )
    const tsc = join(folderOf('typescript'), 'bin', 'tsc')
    await assert.doesNotReject(run(process.execPath, [tsc, '-p', cwd], LIMIT))
  })
})
