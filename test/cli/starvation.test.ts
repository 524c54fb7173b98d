/**
 * A scanner that is starved of processor, and the same one that is not: what is not shared then has another reason. The rate
 * asked for is a small part of what a processor can scan, but more than niceness 19 leaves beside four guests that never sleep.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readTimeSeries, temporaryDirectory } from '../support/cli.js'
import { oneInThree, runToEnd, type Settings, unaccounted } from '../support/thread-runs.js'

const SCENARIO = `scale: { memory: 1, time: 6000 }
host: { memory: 128MiB, processors: 1, GHz: 3 }
guests:
  - name: guest
    count: 4
    memory: 16MiB
    image: [{ class: common, size: 50% }, { class: private, size: rest }]
    workload:
      settle: [{ do: boot }]
      steady: [{ do: reload, where: common, rate: 0.2/s }]
scanner: { ShareForceSalting: 0, ShareScanTime: 10min, ShareRateMax: 32768, ShareScanGHz: 32, nice: 19 }
phases:
  - { name: settle, until: settled, limit: 10000min, scanner: { unthrottled: true } }
  - { name: steady, duration: 400min }
sampling: { interval: 20min }
`

const cwd = temporaryDirectory()
writeFileSync(join(cwd, 'starved.yaml'), SCENARIO)

async function steady(out: string, settings: Settings) {
  const { phases } = await runToEnd('starved.yaml', out, settings, { cwd })
  const { scan, threads, notShared } = phases.find(({ name }) => name === 'steady')!
  const rows = readTimeSeries(join(cwd, out)).rows.filter(({ phase }) => phase === 'steady')
  const starvedPages = Math.max(...rows.map((row) => Number(row['notShared.starvedPages'])))
  return { scan, starvedPages, notShared: notShared!, scannerTimes: threads!.scanner! }
}

test(
  'beside guests that never sleep it gets less than it asks for, waits, and pages are overdue; on an idle processor none is',
  { skip: unaccounted },
  () =>
    oneInThree(async (attempt) => {
      const idle = await steady(`idle-${attempt}`, {})
      const starved = await steady(`starved-${attempt}`, { 'guests.0.demand': '{steady: 1}' })
      const asked = starved.scan.pagesAskedPerSecond!
      assert(starved.scan.pagesPerSecond < 0.8 * asked, `${starved.scan.pagesPerSecond} of ${asked} pages/s`)
      assert(starved.scannerTimes.waitingSeconds > 5 * idle.scannerTimes.waitingSeconds)
      assert(
        starved.notShared.starvedMiB > starved.notShared.rateLimitedMiB,
        JSON.stringify(starved.notShared),
      )
      assert.deepEqual([idle.starvedPages, idle.notShared.starvedMiB], [0, 0])
      assert(idle.scan.pagesPerSecond > 0.9 * idle.scan.pagesAskedPerSecond!)
    }),
)
