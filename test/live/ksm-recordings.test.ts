/** Does this machine's KSM still do what was recorded? A few cases of each recording, on the real kernel. */
import assert from 'node:assert/strict'
import { release } from 'node:os'
import type { TestContext } from 'node:test'
import { MergeablePages, playOnKernel } from '../support/kernel-player.js'
import { type RecordedCase, readRecording, recordedCases } from '../support/ksm-recordings.js'
import { liveKsmTest } from '../support/live-ksm.js'

/** Of cases that are to be short. */
const PAGES_MAX = 8000
const STEPS_MAX = 10

const recorded = recordedCases().filter(({ differences }) => differences.length === 0)
const identical = recorded.filter(({ case: { name } }) => name.includes('identical'))
const mixes = recorded.filter(({ case: { name } }) => name.startsWith('mix '))
const byHand = recorded.filter((item) => !identical.includes(item) && !mixes.includes(item))
const smallMixes = mixes.filter((item) => pagesOf(item) <= PAGES_MAX)

let memory: MergeablePages | undefined

for (const [what, items] of Object.entries({
  'mixes of pages': smallMixes.slice(0, 4),
  'identical pages': everyThird(identical),
  'stores, skips and unmerging': everyThird(byHand),
})) {
  liveKsmTest(`the kernel does with ${what} as was recorded`, (t) => replay(t, items))
}

async function replay(t: TestContext, items: readonly RecordedCase[]): Promise<void> {
  const { kernel } = readRecording('mixes')
  const version = kernel.split('.', 2).join('.')
  if (!`Linux ${release()}.`.startsWith(`${version}.`)) return t.skip(`recorded on ${kernel}`)
  memory ??= new MergeablePages(PAGES_MAX)
  for (const { case: ksmCase, observations } of items) {
    const steps = ksmCase.steps.slice(0, STEPS_MAX)
    const seen = await playOnKernel(memory, { ...ksmCase, steps })
    assert.deepEqual(seen, observations.slice(0, STEPS_MAX), ksmCase.name)
  }
}

function everyThird<Item>(items: readonly Item[]): Item[] {
  return items.filter((_, i) => i % 3 === 0)
}

function pagesOf({ case: { guests } }: RecordedCase): number {
  return guests.reduce((pages, { length }) => pages + length, 0)
}
