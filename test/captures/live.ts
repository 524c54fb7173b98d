/** The live page of the case study, some time into its benchmark. */
import { setTimeout as sleep } from 'node:timers/promises'
import { WatchedRun } from '../support/live-run.js'
import type { Studio } from './capture.js'

const SIZE_PX = { width: 1080, height: 1400 }
/** By then sharing has fallen. */
const INTO_BENCHMARK_MS = 20_000

export async function captureLive({ browser, directory }: Studio): Promise<Buffer> {
  const run = await WatchedRun.start(['case-study', '--out', 'watched'], { cwd: directory })
  try {
    const page = await browser.newPage({ viewport: SIZE_PX, colorScheme: 'light' })
    await page.goto(run.url)
    await run.untilPhase('benchmark')
    await sleep(INTO_BENCHMARK_MS)
    return await page.screenshot()
  } finally {
    process.kill(run.pid, 'SIGINT')
    await run.ended
  }
}
