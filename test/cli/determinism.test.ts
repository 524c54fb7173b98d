/** What a guest stores is a function of the seed alone, as long as its stores come at a stated rate. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { Summary } from '../../src/experiment/outcome.js'
import { Prng } from '../../src/random/prng.js'
import { readSummary, runTwinpage, temporaryDirectory } from '../support/cli.js'
import { encodeTrace, type TraceSource } from '../support/trace-writer.js'

/** Every kind of activity that has a rate. Host memory is short in one run, scanning differs: neither may matter. */
const SCENARIO = `host:
  memory: 8MiB
guests:
  - name: vm
    count: 2
    memory: 2MiB
    image:
      - { class: common, size: 40% }
      - { class: duplicated, size: 10%, copies: 4 }
      - { class: private, size: 20% }
      - { class: zero, size: rest }
    workload:
      settle: [{ do: boot }]
      busy:
        - { do: tick, where: private, rate: 20/s, pages: 8 }
        - { do: update, where: 50%, rate: 1000/s, words: 4, locks: 16, zipf: 0.8 }
        - { do: read, where: all, rate: 100/s }
        - { do: reload, where: common, rate: 200/s }
        - { do: zero, where: private, rate: 50/s }
        - { do: fill, where: 10%, rate: 100/s }
scanner: { ShareForceSalting: 0 }
phases:
  - { name: settle, until: settled, limit: 30s, scanner: { unthrottled: true } }
  - { name: busy, duration: 600ms }
sampling: { interval: 100ms }
`

/** Two guests whose pages change at every snapshot; memory is short for one run. */
const TRACE_SCENARIO = `trace: small.pct.gz
scale: { memory: 1, time: 20 }
host: { memory: 2MiB }
scanner: { ShareForceSalting: 0, unthrottled: true }
phases:
  - { name: replay, duration: 10s }
sampling: { interval: 1s }
`
const TRACE_PAGES = 256

function madeUpTrace(): TraceSource {
  const prng = new Prng(5)
  const changes = () => {
    const pages = new Set(Array.from({ length: 150 }, () => prng.nextBelow(TRACE_PAGES)))
    return [...pages].sort((a, b) => a - b).map((page) => ({ page, content: prng.nextBelow(400) }))
  }
  const snapshots = [0, 2, 4, 6, 8].map((timeSeconds) => ({ timeSeconds, changes: [changes(), changes()] }))
  return { pagesPerGuest: TRACE_PAGES, guests: ['a', 'b'], snapshots }
}

const cwd = temporaryDirectory()

async function digestsOf(
  out: string,
  args: readonly string[],
  scenario = 'open-loop.yaml',
): Promise<(string | null)[]> {
  const { code, stderr } = await runTwinpage(['run', scenario, '--quiet', '--out', out, ...args], { cwd })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const summary: Summary = readSummary(join(cwd, out))
  const busy = summary.phases.at(-1)!
  for (const { missed, stores } of Object.values(busy.guests)) {
    assert.equal(missed, 0, 'every operation that was due is done')
    assert(stores.count > 0)
  }
  return summary.guests.map(({ contentDigest }) => contentDigest)
}

describe('contents at the end of an open-loop run', () => {
  let digests: (string | null)[][]
  before(async () => {
    writeFileSync(join(cwd, 'open-loop.yaml'), SCENARIO)
    const first = await Promise.all([
      digestsOf('first', ['--seed', '11']),
      digestsOf('second', ['--seed', '11']),
    ])
    const swapping = ['--set', 'host.memory=2MiB', '--set', 'scanner.unthrottled=true']
    const others = [
      digestsOf('swapping', ['--seed', '11', ...swapping]),
      digestsOf('other', ['--seed', '12']),
    ]
    const stepped = digestsOf('stepped', ['--seed', '11', '--set', 'engine=stepped'])
    digests = [...first, ...(await Promise.all(others)), await stepped]
  })

  test('are equal in two runs with the same seed', () => {
    assert.deepEqual(digests[1], digests[0])
    for (const digest of digests[0]!) assert.match(digest ?? '', /^[0-9a-f]{8}$/)
  })
  test('are equal on a host that swaps and scans without pause', () => {
    assert(readSummary(join(cwd, 'swapping')).phases.at(-1)!.swap.outs > 0)
    assert.deepEqual(digests[2], digests[0])
  })
  test('are equal where no threads are, but actors that are stepped', () => {
    assert.deepEqual(digests[4], digests[0])
  })
  test('differ with another seed, and between guests', () => {
    const [[one, two] = [], , , [otherOne, otherTwo] = []] = digests
    assert.equal(new Set([one, two, otherOne, otherTwo]).size, 4)
  })
})

test('contents at the end of a trace are the same in every run of one seed, swapped or stepped', async () => {
  writeFileSync(join(cwd, 'small.pct.gz'), encodeTrace(madeUpTrace()))
  writeFileSync(join(cwd, 'trace.yaml'), TRACE_SCENARIO)
  const runs = [[], ['--set', 'host.memory=1MiB'], ['--set', 'engine=stepped'], ['--seed', '2']].map(
    (args, n) => digestsOf(`trace-${n}`, args, 'trace.yaml'),
  )
  const [plain, swapped, stepped, other] = await Promise.all(runs)
  assert(readSummary(join(cwd, 'trace-1')).phases[0]!.swap.outs > 0)
  assert.deepEqual([swapped, stepped], [plain, plain])
  assert.equal(new Set([...plain!, ...other!]).size, 4)
})
