import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SCAN } from '../../src/measure/counters.js'
import { BenchLab, sharedTables } from '../bench/lab.js'
import { saveablePages, writeContents } from '../bench/mix.js'

const guest = Int32Array.of(1, 2, 0, 0, 3)
const mix = { guests: [guest, guest], contents: 4 }

function filledLab(): BenchLab {
  const lab = new BenchLab({ guests: [guest.length, guest.length], order: 'random', contents: mix.contents })
  for (const mmu of lab.mmus) writeContents(mmu, guest)
  return lab
}

test('a pass visits every page once, and finds everything that can be shared', () => {
  const lab = filledLab()
  assert.equal(lab.scanPass(lab.newScanner()), 2 * guest.length)
  assert.equal(lab.scanRow[SCAN.merges], saveablePages(mix))
  assert.equal(Math.round(lab.sampler.sample(0, 'bench', undefined).savedPages), saveablePages(mix))
})

test('what a scan did is undone by a restore, and done anew by the next scanner', () => {
  const lab = filledLab()
  const before = sharedTables(lab.handle).map((bytes) => bytes.slice())
  lab.save()
  lab.scanPass(lab.newScanner())
  assert.notDeepEqual(sharedTables(lab.handle), before)
  lab.restore()
  assert.deepEqual(sharedTables(lab.handle), before)
  lab.scanPass(lab.newScanner())
  assert.equal(lab.scanRow[SCAN.merges], 2 * saveablePages(mix))
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((ppn) => lab.mmus[0]!.load(ppn, 5)),
    [0, 1, 2, 3, 4].map((ppn) => lab.mmus[1]!.load(ppn, 5)),
  )
})
