/** The text exposition format 0.0.4 of Prometheus. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prometheusText } from '../../src/report/prometheus.js'
import { ksmProcess, ksmReading } from '../support/ksm-reading.js'

const full = ksmReading({
  counters: { pages_shared: 3, pages_sharing: 20, ksm_zero_pages: 4, pages_scanned: 77, general_profit: -5 },
  events: { cow_ksm: 9 },
  ksmd: { cpuNs: 1_500_000_000, waitingNs: 250_000_000 },
  processes: [
    ksmProcess({ pid: 12, ksm_merging_pages: 2 }),
    ksmProcess({ pid: 13, comm: 'a"b\\c\nd', ksm_merging_pages: 1 }),
  ],
})
const lines = prometheusText(full).split('\n')

test('values are in base units, under names with the unit', () => {
  for (const line of [
    `twinpage_ksm_merged_bytes ${23 * 4096}`,
    `twinpage_ksm_merged_into_bytes ${3 * 4096}`,
    `twinpage_ksm_zero_bytes ${4 * 4096}`,
    `twinpage_ksm_saved_bytes ${24 * 4096}`,
    'twinpage_ksm_profit_bytes -5',
    'twinpage_ksm_scanned_pages_total 77',
    'twinpage_ksm_cow_breaks_total 9',
    'twinpage_ksmd_cpu_seconds_total 1.5',
    'twinpage_ksmd_waiting_seconds_total 0.25',
    'twinpage_ksm_sleep_seconds 0.02',
    'twinpage_ksm_process_merged_bytes{pid="12",comm="qemu"} 8192',
    String.raw`twinpage_ksm_process_merged_bytes{pid="13",comm="a\"b\\c\nd"} 4096`,
  ])
    assert(lines.includes(line), line)
})

test('each metric has its help and type once, right before its samples, and counters end in _total', () => {
  assert.equal(lines.pop(), '', 'the last line ends')
  let current = ''
  const seen = new Set<string>()
  for (const [index, line] of lines.entries()) {
    const help = /^# HELP (\w+) (\S.*\.)$/.exec(line)
    if (help !== null) {
      current = help[1]!
      assert(!seen.has(current), `${current} twice`)
      seen.add(current)
      assert.equal(lines[index + 1], `# TYPE ${current} ${current.endsWith('_total') ? 'counter' : 'gauge'}`)
    } else if (!line.startsWith('#')) {
      assert.match(line, /^(\w+)(\{pid="\d+",comm="([^"\\]|\\.)*"\})? -?\d+(\.\d+)?$/)
      assert.equal(/^\w+/.exec(line)![0], current)
    }
  }
  assert(seen.size > 20)
})

test('what the kernel does not tell is left out, with its help', () => {
  const text = prometheusText(
    ksmReading({ counters: { ksm_zero_pages: undefined, pages_skipped: undefined }, ksmd: undefined }),
  )
  assert(!/zero_bytes|skipped_pages|ksmd_|process_|undefined|NaN/.test(text), text)
  assert.match(text, /^twinpage_ksm_saved_bytes 0$/m)
})
