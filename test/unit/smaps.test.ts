import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergedPages } from '../../src/linux/smaps.js'

const SMAPS = `7f0000000000-7f0000100000 rw-p 00000000 00:00 0
Size:               1024 kB
KSM:                  40 kB
VmFlags: rd wr mr mw me ac nh mg
7f0000100000-7f0000200000 rw-p 00000000 00:00 0                          [anon: x]
KSM:                   8 kB
7f0000300000-7f0000400000 r--p 00000000 00:00 0                          /a file
KSM:                 400 kB
7f0000500000-7f0000600000 rw-p 00000000 00:00 0
KSM:                  16 kB
`

test('what is merged is counted for each part, over all of its mappings, and for nothing else', () => {
  const parts = [
    [{ start: 0x7f00_0000_0000, end: 0x7f00_0020_0000 }],
    [{ start: 0x7f00_0040_0000, end: 0x7f00_0050_0000 }],
    [
      { start: 0x7f00_0050_0000, end: 0x7f00_0060_0000 },
      { start: 0x7f00_0030_0000, end: 0x7f00_0030_0001 },
    ],
  ]
  assert.deepEqual(mergedPages(parts, SMAPS), [12, 0, 104])
})

test('a kernel that does not tell is not one that merges nothing', () => {
  const part = [[{ start: 0, end: 2 ** 47 }]]
  assert.equal(mergedPages(part, SMAPS.replace(/^KSM:.*\n/gm, '')), undefined)
  assert.equal(mergedPages(part, ''), undefined)
})
