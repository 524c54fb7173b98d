/** Lines redrawn in place, on a terminal that is played here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveBlock } from '../../src/cli/terminal.js'

/** Control sequences, and single letters. */
const PARTS = new RegExp(String.raw`${'\x1b'}\[\??\d*[A-Za-z]|.`, 'gsu')

/** As much of a terminal as is needed; anything else that is written to it is an error. */
class Screen {
  readonly isTTY = true
  private lines: string[] = ['']
  private row = 0
  private column = 0
  private wraps = true

  constructor(
    public columns: number,
    public rows: number,
  ) {}

  write = (text: string): boolean => {
    for (const [part] of text.matchAll(PARTS)) this.take(part)
    return true
  }

  /** What can be seen: the last lines. */
  visible(): string[] {
    return this.lines.slice(-this.rows).map((line) => line.trimEnd())
  }

  scrolledOut(): string[] {
    return this.lines.slice(0, -this.rows)
  }

  private take(part: string): void {
    if (part === '\r') this.column = 0
    else if (part === '\n') this.toRow(this.row + 1, 0)
    else if (part === '\x1b[K') this.lines[this.row] = this.lines[this.row]!.slice(0, this.column)
    else if (part === '\x1b[J') {
      this.lines.length = this.row + 1
      this.lines[this.row] = this.lines[this.row]!.slice(0, this.column)
    } else if (part === '\x1b[?7l') this.wraps = false
    else if (part === '\x1b[?7h') this.wraps = true
    else if (part.startsWith('\x1b[') && part.endsWith('A')) {
      const top = Math.max(0, this.lines.length - this.rows)
      this.toRow(Math.max(top, this.row - Number(part.slice(2, -1))), this.column)
    } else {
      assert(!/\p{C}/u.test(part), `a terminal gets no ${JSON.stringify(part)}`)
      this.put(part)
    }
  }

  private put(letter: string): void {
    if (this.column === this.columns) {
      if (this.wraps) this.toRow(this.row + 1, 0)
      else this.column--
    }
    const line = this.lines[this.row]!.padEnd(this.column)
    this.lines[this.row] = line.slice(0, this.column) + letter + line.slice(this.column + 1)
    this.column++
  }

  private toRow(row: number, column: number): void {
    while (this.lines.length <= row) this.lines.push('')
    this.row = row
    this.column = column
  }
}

test('each block takes the place of the one before, longer or shorter', () => {
  const screen = new Screen(20, 10)
  screen.write('$ twinpage top\n')
  const block = new LiveBlock(screen)
  for (const lines of [
    ['one', 'a long line'],
    ['1', '2', '', '4'],
    ['first', 'l'],
  ]) {
    block.show(lines)
    assert.deepEqual(screen.visible(), ['$ twinpage top', ...lines, ''])
  }
  screen.write('^C')
  block.end()
  assert.deepEqual(screen.visible(), ['$ twinpage top', 'first', 'l', ''])
})

test('lines are cut to a narrow terminal, and none scrolls', () => {
  const screen = new Screen(8, 4)
  const block = new LiveBlock(screen)
  const lines = ['123456789', 'abcdefgh', 'ABCDEFG', 'fourth', 'fifth']
  for (let round = 0; round < 3; round++) {
    block.show(lines)
    assert.deepEqual(screen.visible(), ['1234567', 'abcdefg', 'ABCDEFG', ''])
    assert.deepEqual(screen.scrolledOut(), [])
  }
})

test('a terminal that was made lower shows what fits', () => {
  const screen = new Screen(20, 10)
  const block = new LiveBlock(screen)
  block.show(['1', '2', '3', '4', '5'])
  screen.rows = 3
  block.show(['a', 'b', 'c', 'd', 'e'])
  assert.deepEqual(screen.visible(), ['a', 'b', ''])
})

test('a block that is cleared gives its place to what is written next', () => {
  const screen = new Screen(20, 5)
  screen.write('$ twinpage run\n')
  const block = new LiveBlock(screen)
  block.show(['one', 'two'])
  block.clear()
  block.clear()
  screen.write('results')
  assert.deepEqual(screen.visible(), ['$ twinpage run', 'results'])
})

test('wide letters are cut whole, and counted when the terminal was made narrower', () => {
  const screen = new Screen(20, 8)
  const block = new LiveBlock(screen)
  const written: string[] = []
  const wide = new LiveBlock({
    isTTY: true,
    columns: 6,
    rows: 8,
    write: (text) => written.push(String(text)) > 0,
  })
  wide.show(['页面共享'])
  assert(written[0]!.includes('页面\x1b[K'))
  block.show(['123456789012345', 'x'])
  screen.columns = 10
  const narrow: string[] = []
  screen.write = (text) => narrow.push(text) > 0
  block.show(['y'])
  assert(narrow[0]!.startsWith('\r\x1b[3A'), JSON.stringify(narrow[0]))
})
