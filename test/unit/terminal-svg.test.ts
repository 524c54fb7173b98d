/** The picture of a terminal's screen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { terminalSvg } from '../captures/terminal-svg.js'

test('has what the screen shows, each look by itself and at its column, and nothing of what was drawn over', async () => {
  const output = 'old line\r\n\x1b[1A\x1b[1mrun\x1b[22m · \x1b[33m<slow>\x1b[39m\x1b[K\r\n\r\nend'
  const svg = await terminalSvg(
    [{ command: 'twinpage', output }],
    { columns: 40 },
    { title: 'a & b', description: 'd' },
  )
  const texts = [
    ...svg.matchAll(/<text x="([\d.]+)" textLength="([\d.]+)" [^>]*?(fill="[^"]*"[^>]*)>([^<]*)</g),
  ]
  assert.deepEqual(
    texts.map(([, x, length, , text]) => [
      text,
      Math.round(Number(x) / 8.4),
      Math.round(Number(length) / 8.4),
    ]),
    [
      ['$ twinpage', 0, 10],
      ['run', 0, 3],
      [' ·', 3, 2],
      ['&lt;slow&gt;', 6, 6],
      ['end', 0, 3],
    ],
  )
  assert.equal(new Set(texts.map(([, , , look]) => look)).size, 3)
  assert.match(svg, /<title>a &amp; b<\/title>/)
  assert.match(svg, /translate\(16 [\d.]+\)"><text [^>]*>end</)
})
