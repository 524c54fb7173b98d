/** What a user sees on a terminal: the program on a pseudo-terminal, its bytes played on a screen. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readManifest, setting, smallQuick, temporaryDirectory } from '../support/cli.js'
import {
  draws,
  newTerminal,
  noPseudoTerminal,
  play,
  runInTerminal,
  screenOf,
} from '../support/pseudo-terminal.js'

const cwd = temporaryDirectory()
const ESCAPE = '\x1b'
const CTRL_C = '\x03'
/** Long enough for some blocks in each phase. */
const QUICK = smallQuick({ 'phases.1.duration': '700ms', 'phases.2.duration': '700ms' })

describe('on a terminal', { skip: noPseudoTerminal, concurrency: 2 }, () => {
  for (const columns of [80, 30]) {
    test(`of ${columns} columns a run is a block in place, and at the end the table alone`, async () => {
      const out = `at-${columns}`
      const size = { columns, rows: 24 }
      const { code, output } = await runInTerminal(['run', 'quick', '--out', out, ...QUICK], { cwd, ...size })
      assert.equal(code, 0)
      const screens = await Promise.all(draws(output).map((drawn) => screenOf(drawn, size)))
      const phases = screens.flatMap(
        ({ lines }) => lines.join(' ').match(/(settle|idle|busy), phase/)?.[1] ?? [],
      )
      assert.deepEqual([...new Set(phases)].slice(-2), ['idle', 'busy'])
      for (const { lines, cursor } of screens) {
        assert.equal(lines.filter((line) => line.startsWith('quick')).length, 1, lines.join('\n'))
        assert(lines.length <= (columns === 80 ? 6 : 14), lines.join('\n'))
        assert.deepEqual(cursor, { column: 0, line: lines.length }, 'below the block')
      }
      const [, busy] = screens.map(({ lines }) => lines.join('\n')).filter((text) => /busy, phase/.test(text))
      for (const figure of [
        /3 of 3/,
        /about 1 s left/,
        /shared [\d.]+ MiB/,
        /footprint/,
        /opportunity/,
        /captured/,
      ])
        assert.match(busy!, figure)
      for (const figure of [/scan .+\/s of .+\/s\s+asked/, /scanner on CPU/, /CoW .+\/s/, /[▁▂▃▄▅▆▇█]{2}/])
        assert.match(busy!, figure)
      const { lines } = await screenOf(output, { columns: 80, rows: 24 })
      assert.match(lines[0]!, /^quick: seed 1, complete/)
      assert.equal(lines.at(-1), `Results in ${out}`)
      assert(!output.includes(`${ESCAPE}[?25l`), 'the cursor is never hidden')
    })
  }

  test('made narrower in the middle of a run, it shows one block as before', async () => {
    const trigger = join(cwd, 'resize')
    const { output } = await runInTerminal(['run', 'quick', '--out', 'resized', ...QUICK], {
      cwd,
      meanwhile: `until [ -e ${trigger} ]; do sleep 0.05; done; stty cols 40 </dev/tty`,
      onOutput: (soFar) => {
        if (soFar.includes('idle, phase')) writeFileSync(trigger, '')
      },
    })
    const blocks = draws(output)
    const first = blocks.findIndex((drawn) => blockHeight(drawn) > 6)
    assert(first > 0 && first < blocks.length - 1, 'it has more lines since then')
    // The terminal breaks the lines that are there when it is made narrower.
    const terminal = newTerminal()
    await play(terminal, blocks[first - 1]!)
    terminal.resize(40, 24)
    for (const [index, drawn] of blocks.slice(first).entries()) {
      const { lines } = await play(terminal, drawn.slice(blocks[first + index - 1]!.length))
      assert.equal(lines.filter((line) => line.startsWith('quick')).length, 1, lines.join('\n'))
      assert.equal(lines.length, blockHeight(drawn), lines.join('\n'))
    }
  })

  for (const [what, env] of Object.entries({
    NO_COLOR: { NO_COLOR: '1' },
    'TERM=dumb': { TERM: 'dumb' },
  })) {
    test(`${what}: a plain line for each phase, without any code`, async () => {
      const out = what.toLowerCase()
      const { code, output } = await runInTerminal(['run', 'quick', '--out', out, ...QUICK], { cwd, env })
      assert.equal(code, 0)
      assert(!output.includes(ESCAPE), JSON.stringify(output))
      const lines = output.split('\r\n')
      const end = lines.findIndex((line) => line.startsWith('quick: seed 1'))
      const stages = lines.slice(0, end).map((line) => line.split(' · ')[1])
      const idle = stages.indexOf('idle, phase 2 of 3')
      assert.deepEqual(stages.slice(idle), [
        'idle, phase 2 of 3',
        'busy, phase 3 of 3',
        'verifying every page',
      ])
      assert.match(lines[idle]!, / · about 2 s left · shared .* · CoW /)
    })
  }

  test('an empty NO_COLOR asks for nothing', async () => {
    const args = ['run', 'quick', '--out', 'empty', ...QUICK]
    const { output } = await runInTerminal(args, { cwd, env: { NO_COLOR: '' } })
    assert(draws(output).length > 3)
  })

  test('Ctrl-C: the block goes, the results so far come, and the terminal is as it was', async () => {
    let isTyped = false
    const args = ['run', 'quick', '--out', 'stopped', ...smallQuick({ 'phases.1.duration': '60min' })]
    const { code, output } = await runInTerminal(args, {
      cwd,
      onOutput: (soFar, child) => {
        if (isTyped || !soFar.includes('idle, phase')) return
        isTyped = true
        child.stdin!.write(CTRL_C)
      },
    })
    assert.equal(code, 130)
    const { lines } = await screenOf(output)
    assert.match(lines[0]!, /^quick: seed 1, partial/)
    assert.equal(lines.at(-1), 'Results in stopped')
    assertRestored(output)
    assert.equal(readManifest(join(cwd, 'stopped')).state, 'partial')
  })

  test('a run that fails leaves its error below its table, and the terminal as it was', async () => {
    const full = setting({ 'host.memory': '1MiB', 'host.swap.enabled': 'false', 'host.stallLimit': '100ms' })
    const { code, output } = await runInTerminal(['run', 'quick', '--out', 'failed', ...QUICK, ...full], {
      cwd,
    })
    assert.equal(code, 3)
    const { lines } = await screenOf(output)
    assert.match(lines.join('\n'), /^quick: seed 1, failed/)
    assert.match(lines.join('\n'), /twinpage: the run failed: guest guest-/)
    assertRestored(output)
  })

  test('--quiet shows nothing', async () => {
    const { code, output } = await runInTerminal(['run', 'quick', '--quiet', '--out', 'quiet', ...QUICK], {
      cwd,
    })
    assert.deepEqual({ code, output }, { code: 0, output: '' })
  })

  test('where the locale is not UTF-8 the block is ASCII', async () => {
    const args = ['run', 'quick', '--json', '--out', 'ascii', ...QUICK]
    const { output } = await runInTerminal(args, { cwd, env: { LC_ALL: 'C' } })
    const drawn = draws(output)
    assert(drawn.length > 3)
    assert.match(drawn.at(-1)!.replaceAll(ESCAPE, ''), /^[ -~\s]*$/)
  })
})

/** Lines of the last block that was drawn. */
function blockHeight(drawn: string): number {
  return drawn.slice(drawn.lastIndexOf(`${ESCAPE}[?7l`)).split('\n').length - 1
}

/** Letters wrap again, and none of the styles is left on. */
function assertRestored(output: string): void {
  assert.equal(output.lastIndexOf(`${ESCAPE}[?7l`) < output.lastIndexOf(`${ESCAPE}[?7h`), true)
  for (const [on, off] of [
    ['[1m', '[22m'],
    ['[2m', '[22m'],
    ['[32m', '[39m'],
    ['[33m', '[39m'],
  ]) {
    const isOff = output.lastIndexOf(ESCAPE + on) <= output.lastIndexOf(ESCAPE + off)
    assert(isOff, `${on} is left on`)
  }
}
