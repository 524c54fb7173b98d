/** Whole runs on the kernel of this machine: what it merges, what it counts, and what it is left with. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Summary } from '../../src/experiment/outcome.js'
import { allowedProcessors } from '../../src/host/affinity.js'
import type { Scheduling } from '../../src/host/scheduling.js'
import { KSM_PATHS } from '../../src/linux/ksm-paths.js'
import { readKsmSettings, replaceKsmSettings } from '../../src/linux/ksm-settings.js'
import { findKsmd } from '../../src/linux/ksmd.js'
import { putBackKsmd, readKsmdScheduling } from '../../src/linux/ksmd-scheduling.js'
import {
  readManifest,
  readSummary,
  readTimeSeries,
  runTwinpage,
  setting,
  startTwinpage,
  temporaryDirectory,
  until,
} from '../support/cli.js'
import { liveRunTest } from '../support/live-ksm.js'

const GUESTS = ['g-1', 'g-2']
/** 16 MiB each: half of it the same in both, a quarter their own, a quarter zeros. */
const SCENARIO = `
host: { memory: 64MiB }
guests:
  - name: g
    count: 2
    memory: 16MiB
    image:
      - { class: common, size: 50% }
      - { class: private, size: 25% }
      - { class: zero, size: rest }
    workload:
      settle: [{ do: boot }]
      busy: [{ do: update, where: common, rate: 2000/s }, { do: read, where: all, rate: 100/s }]
scanner:
  { policy: ksm, pages_to_scan: 2000, sleep_millisecs: 5, smart_scan: 0, max_page_sharing: 10000 }
phases:
  - { name: settle, until: settled, limit: 60s }
  - { name: busy, duration: 1s }
sampling: { interval: 200ms }
`
/** MiB: a common content and the zeros are held once. */
const OPPORTUNITY = 8 + 8 - 1 / 256

const cwd = temporaryDirectory()
const scenario = join(cwd, 'pair.yaml')
writeFileSync(scenario, SCENARIO)

const ON_LINUX = ['run', scenario, '--set', 'backend=linux-ksm']
/** Settings that are nobody's defaults. */
const BEFORE = {
  run: 0,
  pages_to_scan: 123,
  sleep_millisecs: 17,
  smart_scan: 0,
  max_page_sharing: 99,
} as const

function assertPutBack(): void {
  assert.deepEqual({ ...readKsmSettings(), ...BEFORE }, readKsmSettings())
  assert(!existsSync(KSM_PATHS.saved), 'nothing is left to put back')
}

async function recorded(out: string, ...args: string[]): Promise<Summary> {
  const ended = await runTwinpage([...args, '--out', out], { cwd })
  assert.deepEqual([ended.code, ended.stderr.includes('twinpage:')], [0, false], ended.stderr)
  return readSummary(join(cwd, out))
}

liveRunTest('all that can be merged is, and a run stores what it stores on the lab', async () => {
  replaceKsmSettings(BEFORE)
  const summary = await recorded('linux', ...ON_LINUX)
  const lab = await recorded('lab', 'run', scenario, ...setting({ 'scanner.sleep_millisecs': 0 }))
  const [settle, busy] = summary.phases
  assert.equal(summary.backend, 'linux-ksm')
  assert.equal(settle!.opportunityMiB, OPPORTUNITY)
  assert.equal(settle!.savedMiB, OPPORTUNITY)
  assert.equal(settle!.ksm!.pages_sharing, OPPORTUNITY * 256)
  assert.deepEqual(
    GUESTS.map((guest) => settle!.guests[guest]!.sharedMiB),
    [12, 12],
  )
  assert(settle!.scan.passes >= 3 && settle!.scan.pagesScanned >= 3 * 8192)

  assert.deepEqual(summary.guests, lab.guests)
  assert(summary.guests.every(({ contentDigest }) => contentDigest !== null))
  assert.deepEqual(summary.integrity, {
    pagesVerified: 8192,
    mismatches: 0,
    leakedFrames: null,
    violations: null,
    findings: [],
  })
  assert.equal(busy!.stores.count, lab.phases[1]!.stores.count)
  for (const guest of GUESTS) assert.equal(settle!.guests[guest]!.firstTouches, 4096)

  const { columns, rows } = readTimeSeries(join(cwd, 'linux'))
  assert(columns.includes('ksm.cow_ksm') && rows.every((row) => row.pagesHashed === ''))
  assert.equal(rows.at(-1)!['ksm.cow_ksm'], String(busy!.ksm!.cow_ksm))
  const { settingsBefore } = readManifest(join(cwd, 'linux')).linuxKsm!
  assert.deepEqual({ ...settingsBefore, ...BEFORE }, settingsBefore)
  assertPutBack()
})

/** While ksmd rests nobody but the guests changes a page table: the accounts are then equal to the fault. */
const AT_REST = setting({ 'phases.1.scanner.run': 0 })

liveRunTest('each CoW fault that a guest sees is one that the kernel counts, and has a latency', async () => {
  const { phases } = await recorded('faults', ...ON_LINUX, ...AT_REST)
  const [settle, busy] = phases
  assert(busy!.cow.faults > 500, `${busy!.cow.faults} of 4,000 stores to shared pages`)
  assert.equal(busy!.cow.faults, busy!.linux!.cow_ksm)
  assert.equal(busy!.linux!.zeroPageFaults, 0)
  assert.equal(settle!.cow.faults, 0)
  assert(busy!.cow.latencyNs!.p50 > 0)
})

liveRunTest(
  'beside a working ksmd, too, but for what it protects in vain or changes within a fault',
  async () => {
    const busy = (await recorded('beside', ...ON_LINUX)).phases[1]!
    const { faults } = busy.cow
    assert(faults > 500 && busy.scan.passes > 0)
    assert(Math.abs(faults - busy.linux!.cow_ksm!) < faults / 100, `${faults}, ${busy.linux!.cow_ksm}`)
  },
)

liveRunTest("faults on the zero page are in the guests' count alone, and told apart", async () => {
  const zeros = setting({ 'scanner.use_zero_pages': 1, 'guests.0.workload.busy.0.where': 'zero' })
  const [settle, busy] = (await recorded('zeros', ...ON_LINUX, ...AT_REST, ...zeros)).phases
  assert.equal(settle!.zeroMiB, 8)
  assert.equal(settle!.savedMiB, OPPORTUNITY)
  assert(busy!.linux!.zeroPageFaults > 500)
  assert.equal(busy!.cow.faults, busy!.linux!.zeroPageFaults)
  assert.equal(busy!.linux!.cow_ksm, 0)
})

liveRunTest('run 2 unmerges all beside a phase, and the next one merges anew', async () => {
  const phases = [
    '{name: settle, until: settled, limit: 60s}',
    '{name: unmerge, duration: 500ms, scanner: {run: 2}}',
    '{name: again, until: {passes: 3}, limit: 60s}',
  ]
  const set = setting({ phases: `[${phases.join(', ')}]`, 'guests.0.workload': '{settle: [{do: boot}]}' })
  const summary = await recorded('unmerge', ...ON_LINUX, ...set)
  const [settle, unmerge, again] = summary.phases
  assert.equal(settle!.savedMiB, OPPORTUNITY)
  assert.deepEqual([unmerge!.savedMiB, unmerge!.ksm!.full_scans, unmerge!.cow.faults], [0, 0, 0])
  assert.equal(again!.savedMiB, OPPORTUNITY)
  assert(again!.scan.passes >= 3)
  assert.equal(summary.integrity.mismatches, 0)
})

const LONG = setting({ 'phases.1.duration': '60s' })

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  liveRunTest(`after ${signal} there are results, and the settings are those of before`, async () => {
    replaceKsmSettings(BEFORE)
    const { child, ended } = startTwinpage([...ON_LINUX, ...LONG, '--out', signal], { cwd })
    await until('the busy phase is on', () => readTimeSeries(join(cwd, signal)).rows.at(-1)?.phase === 'busy')
    assert.equal(readKsmSettings().pages_to_scan, 2000)
    child.kill(signal)
    assert.equal((await ended).code, code)
    assert.equal(readSummary(join(cwd, signal)).state, 'partial')
    assert.equal(readSummary(join(cwd, signal)).integrity.mismatches, 0)
    assertPutBack()
  })
}

// Any command is the next one: that of another test, too. So what it says is not asked for here.
liveRunTest('after SIGKILL the next command puts the settings back', async () => {
  replaceKsmSettings(BEFORE)
  const { child, ended } = startTwinpage([...ON_LINUX, ...LONG, '--out', 'killed'], { cwd })
  await until('the busy phase is on', () => readTimeSeries(join(cwd, 'killed')).rows.at(-1)?.phase === 'busy')
  assert.equal(readKsmSettings().pages_to_scan, 2000)
  child.kill('SIGKILL')
  await ended
  assert.equal((await runTwinpage(['scenarios'], { cwd })).code, 0)
  assertPutBack()
})

liveRunTest('a second run beside the first is refused, and leaves nothing', async () => {
  const first = startTwinpage([...ON_LINUX, ...LONG, '--out', 'first'], { cwd })
  await until('the busy phase is on', () => readTimeSeries(join(cwd, 'first')).rows.at(-1)?.phase === 'busy')
  const { code, stderr } = await runTwinpage([...ON_LINUX, '--out', 'second'], { cwd })
  assert.equal(code, 3)
  assert.match(stderr, /^twinpage: KSM is taken: process \d+ runs an experiment on it\n$/)
  assert(!existsSync(join(cwd, 'second')))
  first.child.kill('SIGINT')
  assert.equal((await first.ended).code, 130)
})

/** Nothing that ksmd could have been left with. */
const OTHER_NICE = 3

/** Where ksmd may be scheduled otherwise, it has a niceness that is nobody's default before, and after, what it has now. */
function ksmdTest(name: string, run: (before: Scheduling) => Promise<void>): void {
  liveRunTest(name, async (t) => {
    if (findKsmd() === undefined) return t.skip("ksmd can't be seen from here")
    const found = readKsmdScheduling()
    const before = { ...found, nice: OTHER_NICE }
    try {
      putBackKsmd(before)
      await run(before)
    } finally {
      putBackKsmd(found)
    }
  })
}

/** The last of those that the run may use. */
const own = allowedProcessors()?.slice(-1) ?? []
const ASKED = { class: 'SCHED_BATCH', nice: 11, processors: own }
const SCHEDULED = setting({
  'scanner.class': ASKED.class,
  'scanner.nice': ASKED.nice,
  'scanner.processors': `[${own}]`,
})
const isBusy = (out: string) => () => readTimeSeries(join(cwd, out)).rows.at(-1)?.phase === 'busy'

ksmdTest('ksmd is scheduled as asked while a run lasts, and as before after it', async (before) => {
  const { child, ended } = startTwinpage([...ON_LINUX, ...LONG, ...SCHEDULED, '--out', 'scheduled'], { cwd })
  await until('the busy phase is on', isBusy('scheduled'))
  assert.deepEqual(readKsmdScheduling(), ASKED)
  child.kill('SIGINT')
  assert.equal((await ended).code, 130)
  assert.deepEqual(readKsmdScheduling(), before)
})

ksmdTest('niceness 0 is asked of ksmd, too, but nothing of it that is not said', async (before) => {
  const nice = setting({ 'scanner.nice': 0 })
  const { child, ended } = startTwinpage([...ON_LINUX, ...LONG, ...nice, '--out', 'nice-0'], { cwd })
  await until('the busy phase is on', isBusy('nice-0'))
  assert.deepEqual(readKsmdScheduling(), { ...before, nice: 0 })
  child.kill('SIGTERM')
  assert.equal((await ended).code, 143)
  assert.deepEqual(readKsmdScheduling(), before)
})

ksmdTest('after SIGKILL the next command schedules ksmd as before', async (before) => {
  const { child, ended } = startTwinpage([...ON_LINUX, ...LONG, ...SCHEDULED, '--out', 'sched-kill'], { cwd })
  await until('the busy phase is on', isBusy('sched-kill'))
  assert.deepEqual(readKsmdScheduling(), ASKED)
  child.kill('SIGKILL')
  await ended
  assert.equal((await runTwinpage(['scenarios'], { cwd })).code, 0)
  assert.deepEqual(readKsmdScheduling(), before)
  assert(!existsSync(KSM_PATHS.saved), 'nothing is left to put back')
})

ksmdTest('what is refused of ksmd ends the run before it begins, or is gone on without', async (before) => {
  const prefix = ['setpriv', '--bounding-set=-sys_nice', '--inh-caps=-sys_nice']
  const args = [...ON_LINUX, ...setting({ 'scanner.nice': -5 })]
  const refused = await runTwinpage([...args, '--out', 'refused'], { cwd, prefix })
  assert.equal(refused.code, 3)
  assert.match(refused.stderr, /^twinpage: scanner\.nice: can't be -5 here \(permission denied\); [^\n]+\n$/)
  const goOn = setting({ 'host.onRefusal': 'continue' })
  const wentOn = await runTwinpage([...args, ...goOn, '--out', 'went-on'], { cwd, prefix })
  assert.equal(wentOn.code, 0)
  assert.match(readSummary(join(cwd, 'went-on')).messages.join(), /scanner\.nice: can't be -5 here/)
  assert.deepEqual(readKsmdScheduling(), before)
  assert(!existsSync(KSM_PATHS.saved), 'nothing is left to put back')
})
