/** Text that is made to fit a terminal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { columnsOf, cutTo, shortenedTo, wrapped } from '../../src/report/columns.js'
import { fitTo } from '../../src/report/fit.js'
import { markdownTable } from '../../src/report/markdown.js'

const text = fc.stringMatching(/^[a-z页共 ]{0,40}$/)

test('letters may take two columns, and stay whole', () => {
  assert.equal(columnsOf('页面ab'), 6)
  assert.equal(cutTo('页面ab', 3), '页')
  assert.equal(cutTo('e\u0301ab', 2), 'e\u0301a')
  assert.equal(cutTo('\x1b[32m123456\x1b[39m', 6), '\x1b[32m123456\x1b[39m')
  assert.equal(cutTo('\x1b[32m123456\x1b[39m', 5), '12345')
  assert.equal(shortenedTo('abcdefgh', 5), 'ab…gh')
  assert.equal(shortenedTo('页面共享页面', 6), '页…面')
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 30 }), (text, columns) => {
      assert(columnsOf(cutTo(text, columns)) <= columns)
      assert(columnsOf(shortenedTo(text, columns)) <= columns)
    }),
  )
})

test('lines break at spaces, and no word is lost', () => {
  assert.deepEqual(wrapped('one two three', 8), ['one two', '  three'])
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }), (words) => {
      const lines = wrapped(words.join(' '), 20)
      for (const line of lines) assert(line.length <= 20, line)
      assert.deepEqual(lines.join(' ').split(/ +/), words)
    }),
  )
})

test('what fits is left as it is', () => {
  const table = markdownTable([
    ['a', 'b'],
    ['x', '1'],
  ]).join('\n')
  assert.equal(fitTo(`# Title\n\n${table}\n`, 80), `# Title\n\n${table}\n`)
})

test('words of a table that is too wide go over several lines', () => {
  const rows = [
    ['share', 'part'],
    ['churn × contention × scan', '1 %'],
    ['residual', '99 %'],
  ]
  assert.equal(
    fitTo(markdownTable(rows).join('\n'), 26),
    [
      '| share           | part |',
      '| --------------- | ---: |',
      '| churn ×         |  1 % |',
      '| contention ×    |      |',
      '| scan            |      |',
      '| residual        | 99 % |',
    ].join('\n'),
  )
})

test('if that is not enough the figures come in several tables', () => {
  const rows = [
    ['name', ...Array.from({ length: 12 }, (_, index) => `figure ${index}`)],
    ['some name', ...Array.from({ length: 12 }, (_, index) => String(index * 1_000_000))],
  ]
  const lines = fitTo(markdownTable(rows).join('\n'), 60).split('\n')
  for (const line of lines) assert(line.length <= 60, line)
  assert.equal(
    lines.filter((line) => line.startsWith('| some name')).length,
    lines.filter((line) => line === '').length + 1,
  )
  for (const cell of rows.flat())
    assert(
      lines.some((line) => line.includes(` ${cell} `)),
      cell,
    )
})

test('no line is wider than 80 columns, whatever the names', () => {
  const cell = fc.stringMatching(/^[a-zA-Z页×= ]{1,60}$/)
  const figure = fc.integer({ min: 0, max: 1e9 }).map(String)
  const row = fc.tuple(cell, cell, figure, figure, figure, figure)
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      const table = markdownTable([['one', 'two', 'a', 'b', 'c', 'd'], ...rows], 2)
      for (const line of fitTo(table.join('\n'), 80).split('\n')) assert(columnsOf(line) <= 80, line)
    }),
  )
})
