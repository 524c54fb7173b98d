/** Mistakes of `twinpage validate`: found before anything runs or is written, whether there is a KSM here or not. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { runTwinpage, temporaryDirectory } from '../support/cli.js'

const cwd = temporaryDirectory()
const KSM = `
host: { memory: 16MiB }
guests: [{ name: guest, memory: 8MiB, image: [{ class: common, size: 50% }] }]
scanner: { policy: ksm }
phases: [{ name: scan, duration: 1s }]
`
writeFileSync(join(cwd, 'ksm.yaml'), KSM)
const TAKEN = ['validate.json.yaml', 'validate.md.yml', 'figures.yaml', 'figures']
for (const file of TAKEN) writeFileSync(join(cwd, file), KSM)
writeFileSync(join(cwd, 'small.yaml'), KSM.replace('16MiB', '4MiB'))
const before = readdirSync(cwd)

describe('a mistake gives one line on stderr and exit code 2:', { concurrency: 4 }, () => {
  const mistakes: [args: string[], says: RegExp][] = [
    [['quik'], /no scenario called "quik" .* did you mean quick\?/],
    [['quick'], /quick\.yaml: scanner\.policy: the kernel knows KSM alone: expected ksm, got tps/],
    [['./ksm.yaml', 'quick'], /quick\.yaml: scanner\.policy/],
    [['./ksm.yaml', './ksm.yaml'], /ksm\.yaml: a scenario before is called ksm too; names are unique/],
    ...TAKEN.map((file): [string[], RegExp] => [
      ['./ksm.yaml', `./${file}`],
      /: makes a scenario called (validate\.json|validate\.md|figures), as a file of the report is; expected another/,
    ]),
    [['./ksm.yaml', '--set', 'engine=stepped'], /ksm\.yaml: engine: .* expected threads, got stepped/],
    [['./small.yaml'], /small\.yaml:2: host\.memory: .* as much as all guests have, 8MiB, got 4MiB/],
    [['./ksm.yaml', '--set', 'scanner.run=3'], /ksm\.yaml: --set: scanner\.run: expected 0, 1 or 2, got 3/],
    [['./ksm.yaml', '--seed', '4294967294'], /ksm\.yaml: seed: each of 3 replicates has the next seed/],
    [['--replicates', '0'], /--replicates: expected a whole number from 1 to 100, got "0"/],
    [['--replicates', 'x'], /--replicates: expected a whole number from 1 to 100, got "x"/],
    [['--tolerance', 'pages_sharing'], /--tolerance: expected METRIC=PERCENT/],
    [['--tolerance', 'pages_shring=5'], /--tolerance: no metric .* did you mean pages_sharing\?/],
    [['./ksm.yaml', '--tolerance', 'full_scans@scam=5'], /did you mean full_scans@scan\?/],
    [['--tolerence', 'pages_sharing=5'], /tolerence/],
  ]
  for (const [args, says] of mistakes) {
    test(`twinpage validate ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await runTwinpage(['validate', ...args], { cwd })
      assert.match(stderr, /^twinpage: [^\n]{10,400}\n$/)
      assert.match(stderr, says)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    })
  }
  after(() => assert.deepEqual(readdirSync(cwd), before, 'and leaves nothing behind'))
})

test('--help tells of every option', async () => {
  const { code, stdout } = await runTwinpage(['validate', '--help'], { cwd })
  assert.equal(code, 0)
  for (const option of ['--replicates', '--tolerance', '--set', '--seed', '--out', '--json', '--quiet'])
    assert(stdout.includes(option), option)
})
