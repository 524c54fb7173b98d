/** When progress is written, and how. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { Progress, type ProgressView } from '../../src/cli/terminal.js'

const view = (stage: string, line = stage): ProgressView => ({ stage, line, block: () => [`[${line}]`] })

const { TERM } = process.env
beforeEach(() => {
  process.env.TERM = 'xterm'
})
afterEach(() => {
  if (TERM === undefined) delete process.env.TERM
  else process.env.TERM = TERM
})

/** What is written, in how many writes, by a progress whose clock is `at`. */
function watched({ isTTY = true, hasColors = true, isWanted = true } = {}) {
  const written: string[] = []
  let nowMs = 0
  const output = {
    isTTY,
    columns: 40,
    rows: 10,
    hasColors: () => hasColors,
    write: (text: string | Uint8Array) => written.push(String(text)) > 0,
  }
  const progress = new Progress(isWanted, output, () => nowMs)
  const at = (ms: number, shown: ProgressView) => {
    nowMs = ms
    progress.show(shown)
  }
  return { written, at, progress }
}

test('on a terminal blocks are redrawn some times a second, and at once when the stage changes', () => {
  const { written, at } = watched()
  for (let ms = 0; ms < 1000; ms += 10) at(ms, view('idle', `${ms}`))
  assert(written.length >= 4 && written.length <= 10, String(written.length))
  at(1001, view('busy'))
  assert.match(written.at(-1)!, /\[busy\]/)
})

for (const [why, how] of Object.entries({
  'a terminal without colours, as with NO_COLOR,': { hasColors: false, term: 'xterm' },
  'a dumb terminal': { hasColors: true, term: 'dumb' },
})) {
  test(`${why} gets a plain line when the stage changes, and every ten seconds`, () => {
    process.env.TERM = how.term
    const { written, at, progress } = watched(how)
    for (let ms = 0; ms < 25_000; ms += 100) at(ms, view(ms < 12_000 ? 'idle' : 'busy', `${ms}`))
    progress.clear()
    assert.deepEqual(written, ['0\n', '10000\n', '12000\n', '22000\n'])
  })
}

test('in a pipe, and where it is not wanted, nothing is written', () => {
  for (const how of [{ isTTY: false }, { isWanted: false }]) {
    const { written, at, progress } = watched(how)
    at(0, view('idle'))
    at(20_000, view('busy'))
    progress.clear()
    assert.deepEqual(written, [])
  }
})
