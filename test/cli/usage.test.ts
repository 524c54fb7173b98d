/** The command line itself: what each command prints, and one clear line for what it doesn't know. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { runTwinpage, temporaryDirectory } from '../support/cli.js'

const cwd = temporaryDirectory()
mkdirSync(join(cwd, 'results', 'quick'), { recursive: true })
for (const name of ['mine.yaml', 'mine.pct.gz']) writeFileSync(join(cwd, 'results', name), '')
const run = (...args: string[]) => runTwinpage(args, { cwd })
const SHIPPED = [
  'case-study',
  'debian-trace',
  'ksm-trace',
  'quick',
  'validate-churn',
  'validate-static',
  'validate-zero',
]

describe('a mistake on the command line gives one line on stderr and exit code 2:', {
  concurrency: 4,
}, () => {
  const mistakes: [args: string[], says: RegExp][] = [
    [
      [],
      /name a command: run, scenarios, check, trace, top, validate, study, compare, report, explain or completion/,
    ],
    [['rnu', 'quick'], /: unknown command "rnu", did you mean run\?$/],
    [['sing'], /: unknown command "sing"; there are run, scenarios, /],
    [['run'], /: twinpage run needs more than that; --help says what$/],
    [['run', 'quick', '--colour'], /: unknown option "--colour"; twinpage run --help lists/],
    [['run', 'quick', '--ouy', 'x'], /: unknown option "--ouy", did you mean --out\?$/],
    [['study', 'scan-rate', '--quite'], /: unknown option "--quite", did you mean --quiet\?$/],
    [['validate', '--repliactes', '2'], /"--repliactes", did you mean --replicates\?$/],
    [['check', 'quick', '--json=1', '--no-jsn'], /did you mean --json\?$/],
    [['run', 'quick', 'case-study'], /: unexpected "case-study"; twinpage run --help/],
    [['run', 'quik'], /"quik".*did you mean quick\?/],
    [['run', 'scan-rate'], /"scan-rate" ships with twinpage; it is a study; these do: /],
    [['study', 'quick'], /"quick" ships with twinpage; it is a scenario; these do: /],
    [['study', 'scan-rat'], /did you mean scan-rate\?/],
    [['validate', 'validate-chrun'], /did you mean validate-churn\?/],
    [['run', 'quick', '--set', 'guets.0.memory=1MiB'], /--set: guets: unknown key, did you mean guests\?/],
    [
      ['run', 'quick', '--set', 'guests.0.memroy=1MiB'],
      /guests\.0\.memroy: unknown key, did you mean memory\?/,
    ],
    [
      ['run', 'quick', '--set', 'phases.bussy.duration=1s'],
      /phases: got "bussy", .*, did you mean 2 \(busy\)\?$/,
    ],
    [['run', 'quick', '--set', 'guests.guest.memory=1MiB'], /, did you mean 0 \(guest\)\?$/],
    [['run', 'quick', '--set', 'phases.x.duration=1s'], /the list has items 0 to 2$/],
    [['run', 'quick', '--set', 'guests.0.workload.bussy=[]'], /did you mean busy\?/],
    [['run', 'quick', '--set', 'scanner.policy=kms'], /did you mean ksm\?/],
    [['compare', 'reslts/quick'], /: no such directory, did you mean results\? allowed is/],
    [['compare', 'results/quikc'], /: no such directory, did you mean results\/quick\? allowed is/],
    [['check', './results/mien.yaml'], /: there is no such file, did you mean results\/mine\.yaml\?/],
    [['trace', 'info', 'results/mine.pct.g'], /: no such file, did you mean results\/mine\.pct\.gz\?$/],
    [['run', './none.yaml'], /none\.yaml: there is no such file/],
    [['run', 'quick', '--seed', 'many'], /seed: expected a whole number/],
    [['run', 'quick', '--set'], /: --set: needs a value$/],
    [['run', 'quick', '--seed'], /: --seed: needs a value$/],
    [['run', 'quick', '--out'], /: --out: needs a value$/],
    [['scenarios', 'quick'], /quick/],
    [['trace'], /info/],
    [['trace', 'imfo'], /: unknown command "imfo", did you mean info\?$/],
    [['trace', 'info', 'none.pct.gz'], /none\.pct\.gz: no such file/],
  ]
  for (const [args, says] of mistakes) {
    test(`twinpage ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await run(...args)
      assert.match(stderr, /^twinpage: [^\n]{10,300}\n$/)
      assert.match(stderr.trimEnd(), says)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    })
  }
  after(() => assert.deepEqual(readdirSync(cwd), ['results'], 'and leaves nothing behind'))
})

describe('--help', { concurrency: 4 }, () => {
  test('names every command', async () => {
    const { code, stdout, stderr } = await run('--help')
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    for (const command of ['run', 'scenarios', 'check', 'trace', 'top', 'validate', 'study'])
      assert.match(stdout, new RegExp(`twinpage ${command}`))
  })
  test('of a command names its options', async () => {
    const { code, stdout, stderr } = await run('run', '--help')
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    for (const option of ['--out', '--seed', '--set', '--json', '--quiet'])
      assert(stdout.includes(option), option)
  })
})

describe('scenarios', { concurrency: 4 }, () => {
  test('lists those that ship, each on a line with what it is about', async () => {
    const { code, stdout, stderr } = await run('scenarios')
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const lines = stdout.trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      SHIPPED,
    )
    for (const line of lines) assert.match(line, /^\S+ {2,}\S.{10,}/)
  })
  test('--json lists the same for a program', async () => {
    const list = JSON.parse((await run('scenarios', '--json')).stdout) as {
      name: string
      description: string
    }[]
    assert.deepEqual(
      list.map(({ name }) => name),
      SHIPPED,
    )
    for (const { description } of list) assert(description.length > 10)
  })
})

describe('check', { concurrency: 4 }, () => {
  for (const name of ['debian-trace', 'quick']) {
    test(`prints all options of ${name}; as a file they are the same scenario`, async () => {
      const first = await run('check', name)
      assert.deepEqual({ code: first.code, stderr: first.stderr }, { code: 0, stderr: '' })
      assert.match(first.stdout, /ShareRateMax: 1024/)
      const other = temporaryDirectory()
      writeFileSync(join(other, 'same.yaml'), first.stdout)
      const second = await runTwinpage(['check', 'same.yaml'], { cwd: other })
      assert.equal(second.stdout, first.stdout)
    })
  }
  test('says what a scale makes of sizes, durations and rates, beside options at full size', async () => {
    const atScale = async (scale: string) => (await run('check', 'quick', '--set', `scale=${scale}`)).stdout
    const apart = await atScale('{memory: 1, time: 3}')
    assert.match(apart, /ShareRateMax: 1024\n/)
    assert.match(apart, /\n# The run has sizes \/ 1, durations \/ 3, rates × 3, think times \/ 3\n$/)
    assert.match(await atScale('3'), /\n# The run has sizes \/ 3, durations \/ 3, rates as they are\n$/)
    assert.doesNotMatch(await atScale('1'), /#/)
  })
  test('shows what --set and --seed replace', async () => {
    const { stdout } = await run('check', 'quick', '--set', 'guests.0.memory=8MiB', '--seed', '9', '--json')
    const options = JSON.parse(stdout) as { seed: number; guests: { memory: string }[] }
    assert.equal(options.seed, 9)
    assert.equal(options.guests[0]!.memory, '8MiB')
  })
})
