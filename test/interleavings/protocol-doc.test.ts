/** docs/protocol.md names, for each of its races, the tests that attack it: all of them, in the right row. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { races } from './races.js'

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8')
const section = /## Races, and why.*?\n## /s.exec(text)![0]
const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| race |'))

test('each row of the table of races names the races that attack it', () => {
  const documented = rows.flatMap((line) => {
    const [row, , attackedBy = ''] = line.slice(2, -2).split(' | ')
    return [...attackedBy.matchAll(/`([a-z-]+)`/g)].map(([, name]) => `${row}: ${name}`)
  })
  const explored = races.map(({ row, name }) => `${row}: ${name}`)
  assert.deepEqual(documented.sort(), explored.sort())
})

test('deaths are explored in several of them', () => {
  assert.ok(races.filter(({ withDeaths }) => withDeaths).length >= 5)
})
