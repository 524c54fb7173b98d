/** Does the lab do what this machine's KSM does? Every mix, on both, counter by counter: exactly. No recording is needed. */
import assert from 'node:assert/strict'
import { MergeablePages, playOnKernel } from '../support/kernel-player.js'
import { comparable } from '../support/ksm-comparable.js'
import { ksmMix, MIX_SEEDS } from '../support/ksm-mix.js'
import { playOnLab } from '../support/lab-player.js'
import { liveKsmTest } from '../support/live-ksm.js'

const mixes = MIX_SEEDS.map(ksmMix)
const pagesMax = Math.max(...mixes.map(({ guests }) => guests.flat().length))

let memory: MergeablePages | undefined

for (const mix of mixes) {
  liveKsmTest(`the kernel and the lab play ${mix.name} alike`, async () => {
    memory ??= new MergeablePages(pagesMax)
    const kernel = (await playOnKernel(memory, mix)).map((seen) => comparable(seen, false))
    assert.deepEqual(
      playOnLab(mix).map((seen) => comparable(seen, false)),
      kernel,
    )
  })
}
