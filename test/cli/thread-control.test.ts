/**
 * What a scenario asks of the system for its threads, and demands of its processors, is done, as the system itself says; or,
 * where it can't be, one line says so, and the run ends before it begins, or goes on if it may.
 */
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type ProgramOptions, readSummary, temporaryDirectory, until } from '../support/cli.js'
import { POLICY, type SystemThread, threadsOf } from '../support/system-threads.js'
import {
  first,
  notTwo,
  runToEnd,
  type Settings,
  second,
  startRun,
  unaccounted,
  wallSeconds,
  writeTwoGuests,
} from '../support/thread-runs.js'

/** Up to here other programs leave a run the processors that it asks for. */
const OTHERS_PART_MAX = 0.2

const cwd = temporaryDirectory()
writeTwoGuests(cwd)

describe('what is asked of the system is done, as the system says:', {
  skip: unaccounted,
  concurrency: 2,
}, () => {
  /** Waits until the run's threads, seen from outside, are so; then ends it. */
  async function untilThreads(out: string, settings: Settings, areSo: (threads: SystemThread[]) => boolean) {
    const { child, ended } = startRun('two.yaml', out, { 'phases.1.duration': '60s', ...settings }, { cwd })
    try {
      await until('the threads are so', () => areSo(threadsOf(child.pid!)))
    } finally {
      child.kill('SIGINT')
      await ended
    }
  }

  const countOf = (threads: SystemThread[], is: Partial<SystemThread>) => {
    const fields = Object.keys(is) as (keyof SystemThread)[]
    return threads.filter((thread) => fields.every((field) => thread[field] === is[field])).length
  }

  test('one processor for all threads', { skip: notTwo }, async () => {
    const settings = { 'host.processors': `[${second}]` }
    // Guests, scanner and reclaimer, and those that node has besides.
    await untilThreads('all-on-one', settings, (threads) => {
      return threads.length > 4 && threads.every((thread) => thread.processors === String(second))
    })
  })

  test('niceness and class, of all scanners and of nobody else', async () => {
    const settings = { 'scanner.count': 2, 'scanner.nice': 7, 'scanner.class': 'SCHED_BATCH' }
    await untilThreads('batch', settings, (threads) => {
      const { SCHED_BATCH, SCHED_OTHER } = POLICY
      return (
        countOf(threads, { nice: 7, policy: SCHED_BATCH }) === 2 &&
        countOf(threads, { nice: getPriority(), policy: SCHED_OTHER }) === threads.length - 2
      )
    })
  })

  test('the class of what is idle', async () => {
    const isIdle = (threads: SystemThread[]) => countOf(threads, { policy: POLICY.SCHED_IDLE }) === 1
    await untilThreads('idle', { 'scanner.class': 'SCHED_IDLE' }, isIdle)
  })

  test('a processor for each guest, and for the scanner', { skip: notTwo }, async () => {
    const settings = {
      'guests.0.processors': `[${second}]`,
      'guests.1.processors': `[${first}]`,
      'scanner.processors': `[${second}]`,
    }
    await untilThreads('own', settings, (threads) => {
      return (
        countOf(threads, { processors: `${first}` }) === 1 &&
        countOf(threads, { processors: `${second}` }) === 2
      )
    })
  })
})

test('what is asked of processors is had: half of two, by the kernel’s own count', {
  skip: notTwo,
}, async () => {
  const demands = [0.2, 0.3, 0.1, 0.4]
  const guests = demands.map((demand, n) => `{ name: g${n}, memory: 1MiB, demand: ${demand} }`)
  const phases = '[{ name: steady, duration: 3s }]'
  const settings = { 'host.processors': `[${first}, ${second}]`, guests: `[${guests}]`, phases }
  const [steady] = (await runToEnd('two.yaml', 'half', settings, { cwd })).phases
  const { threads, host } = steady!
  const partOf = (seconds: number) => seconds / (2 * wallSeconds(steady!))
  const total = (field: 'cpuSeconds' | 'waitingSeconds', names: readonly string[]) =>
    partOf(names.reduce((sum, name) => sum + threads![name]![field], 0))
  const names = demands.map((_, n) => `g${n}`)
  const had = total('cpuSeconds', names)
  assert(had < 0.55, `${had} of them, instead of half`)
  assert.deepEqual(host!.processors, [first, second])
  const others = host!.utilisation! - total('cpuSeconds', Object.keys(threads!))
  if (others > OTHERS_PART_MAX) {
    // What the guests did not have they waited for.
    assert(had + total('waitingSeconds', names) > 0.45, `${had} of them, beside others’ ${others}`)
    return
  }
  assert(had > 0.45, `${had} of them, instead of half`)
  names.forEach((name, n) => {
    const part = 2 * partOf(threads![name]!.cpuSeconds)
    assert(Math.abs(part / demands[n]! - 1) < 0.1, `${part} of a processor instead of ${demands[n]}`)
  })
})

test('demand is for the phases that it names', { skip: unaccounted }, async () => {
  const settings = { 'guests.0.demand': '{ steady: 0.5 }', 'phases.1.duration': '1s' }
  const { phases } = await runToEnd('two.yaml', 'named', settings, { cwd })
  const { one, two } = phases[1]!.threads!
  assert(one!.cpuSeconds > 5 * two!.cpuSeconds, `${one!.cpuSeconds} and ${two!.cpuSeconds} s`)
})

describe('what the system can’t do', { concurrency: 2 }, () => {
  const noTools = join(cwd, 'no-tools')
  mkdirSync(noTools)
  symlinkSync('/bin/sh', join(noTools, 'sh'))
  const without = { cwd, env: { PATH: noTools } }
  const short = { 'phases.1.duration': '50ms' }
  const CONTINUE = { ...short, 'host.onRefusal': 'continue' }

  async function refused(
    out: string,
    settings: Settings,
    says: RegExp,
    options: ProgramOptions = { cwd },
  ): Promise<void> {
    const { code, stdout, stderr } = await startRun('two.yaml', out, { ...short, ...settings }, options).ended
    assert.match(stderr, /^twinpage: [^\n]+; host\.onRefusal: continue would go on without\n$/)
    assert.match(stderr, says)
    assert.deepEqual({ code, stdout }, { code: 3, stdout: '' })
    assert.throws(() => readSummary(join(cwd, out)), 'no results are left')
  }

  async function wentOn(
    out: string,
    settings: Settings,
    says: RegExp,
    options: ProgramOptions = { cwd },
  ): Promise<void> {
    const { code } = await startRun('two.yaml', out, { ...CONTINUE, ...settings }, options).ended
    assert.equal(code, 0)
    const { messages, state } = readSummary(join(cwd, out))
    assert.equal(state, 'complete')
    const said = messages.filter((message) => message.endsWith('; the run went on without'))
    assert.equal(said.length, 1)
    assert.match(said[0]!, says)
  }

  const CASES: [title: string, settings: Settings, says: RegExp, options?: ProgramOptions][] = [
    [
      'a processor that the process may not use',
      { 'host.processors': '[1023]' },
      /host\.processors: processor 1023 is none of those that this process may use: \d/,
    ],
    [
      'a processor for a guest that the run does not have',
      { 'guests.0.processors': '[1023]' },
      /guests\.processors: processor 1023 is none of those that the run may use: \d/,
    ],
    [
      'more processors than there are',
      { 'host.processors': 1024 },
      /host\.processors: the run asks for 1024 processors, this machine lets it use \d+/,
    ],
    [
      'a class, without chrt',
      { 'scanner.class': 'SCHED_BATCH', 'scanner.count': 2 },
      /scanner\.class: can't be SCHED_BATCH here \(.*chrt.*not found\)/,
      without,
    ],
    [
      'processors of a thread, without taskset',
      { 'scanner.processors': `[${first}]` },
      /scanner\.processors: can't be \d+ here \(.*taskset.*not found\)/,
      without,
    ],
  ]
  for (const [n, [title, settings, says, options]] of CASES.entries()) {
    test(`${title}: the run ends before it begins`, { skip: unaccounted }, () =>
      refused(`refused-${n}`, settings, says, options),
    )
    test(`${title}: the run goes on if it may, and says so`, { skip: unaccounted }, () =>
      wentOn(`went-on-${n}`, settings, says, options),
    )
  }

  const isRoot = process.getuid?.() === 0
  const skipUnlessRoot = unaccounted || (!isRoot && 'only root can give privileges up')
  test('a negative niceness takes a privilege', { skip: skipUnlessRoot }, async () => {
    // A process that could never gain the privilege again, whatever it starts.
    const options = { cwd, prefix: ['setpriv', '--bounding-set=-sys_nice', '--inh-caps=-sys_nice'] }
    const says = /scanner\.nice: can't be -5 here \(permission denied\)/
    await refused('privileged', { 'scanner.nice': -5 }, says, options)
    await wentOn('unprivileged', { 'scanner.nice': -5 }, says, options)
  })
})
