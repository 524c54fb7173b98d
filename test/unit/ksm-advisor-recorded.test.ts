import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScanTimeAdvisor } from '../../src/ksm/advisor.js'
import { readRecording } from '../support/ksm-recordings.js'

const { kernel, items } = readRecording('advisor')

for (const { name, switchedOn, advisor_min_pages_to_scan, steps } of items) {
  test(`the advisor decides as that of ${kernel}: ${name}`, () => {
    const advisor = new ScanTimeAdvisor(advisor_min_pages_to_scan)
    for (const [i, step] of steps.entries()) {
      assert.equal(advisor.pagesToScan, step.pagesToScanBefore)
      const isPartial = switchedOn === 'within a scan' && i === 0
      const scanTimeMs = isPartial ? step.scan_time * 1000 : step.scanTimeMs
      assert.equal(advisor.step(scanTimeMs, step.cpuTimeNs, step.settings), step.pages_to_scan, `step ${i}`)
    }
  })
}
