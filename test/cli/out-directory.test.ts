/** A results directory that can't be used is found out before the run starts, and what was there stays as it was. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readManifest, runTwinpage, smallQuick, temporaryDirectory } from '../support/cli.js'

const cwd = temporaryDirectory()
/** Long enough that a run which did start would still be going when its program is killed. */
const ENDLESS = smallQuick({ 'phases.1.duration': '60min' })

writeFileSync(join(cwd, 'file'), 'mine')
mkdirSync(join(cwd, 'full'))
writeFileSync(join(cwd, 'full', 'notes'), 'mine')
mkdirSync(join(cwd, 'run'))
writeFileSync(join(cwd, 'run', 'manifest.json'), '{}')
mkdirSync(join(cwd, 'empty'))
const before = readdirSync(cwd, { recursive: true }).sort()

describe('--out is refused in one line, with exit code 2, and nothing changes:', { concurrency: 3 }, () => {
  const refused: [what: string, out: string, says: RegExp][] = [
    ['a file', 'file', /file is not a directory/],
    ['a directory that is not empty', 'full', /full is not empty/],
    ['the directory of another run', 'run', /run already holds a run/],
    ['a directory below a file', 'file/out', /can't write to .*file\/out/],
    ['nothing', '', /out/],
  ]
  for (const [what, out, says] of refused) {
    test(what, async () => {
      const { code, stdout, stderr } = await runTwinpage(['run', 'quick', '--out', out, ...ENDLESS], { cwd })
      assert.match(stderr, /^twinpage: --out: [^\n]+\n$/)
      assert.match(stderr, says)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.deepEqual(readdirSync(cwd, { recursive: true }).sort(), before)
    })
  }

  test('a place where the system makes no files', { skip: !existsSync('/proc/self') }, async () => {
    const { code, stderr } = await runTwinpage(['run', 'quick', '--out', '/proc/x', ...ENDLESS], { cwd })
    assert.match(stderr, /^twinpage: --out: can't write to \/proc\/x [^\n]+\n$/)
    assert.equal(code, 2)
  })

  test('an unwritable place for results without --out', async () => {
    const blocked = temporaryDirectory()
    writeFileSync(join(blocked, 'results'), 'mine')
    const { code, stderr } = await runTwinpage(['run', 'quick', ...ENDLESS], { cwd: blocked })
    assert.match(stderr, /^twinpage: --out: can't write to .*results\/quick [^\n]+\n$/)
    assert.equal(code, 2)
    assert.equal(readFileSync(join(blocked, 'results'), 'utf8'), 'mine')
  })
})

describe('--out is taken', { concurrency: 2 }, () => {
  for (const out of ['empty', 'new/with/parents']) {
    test(`when it is ${out.replaceAll('/', ' ')}`, async () => {
      const { code, stderr } = await runTwinpage(['run', 'quick', '--quiet', '--out', out, ...smallQuick()], {
        cwd,
      })
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.equal(readManifest(join(cwd, out)).state, 'complete')
    })
  }
})
