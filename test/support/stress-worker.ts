/** One thread of a stress run (stress.ts): plays its part in each round, until the round stops, and reports. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ScannerTask } from '../../src/experiment/messages.js'
import { PageContents } from '../../src/guest/contents.js'
import { type Operation, operationOf } from '../../src/guest/operations.js'
import { verifyPages } from '../../src/guest/verify.js'
import { Ksmd } from '../../src/ksm/ksmd.js'
import { KSM_DEFAULTS, type KsmFixed } from '../../src/ksm/settings.js'
import { PAGE_WORDS } from '../../src/machine/layout.js'
import { OutOfFramesError, RunStopped } from '../../src/machine/mmu.js'
import { MachinePages } from '../../src/machine/pages-at-rest.js'
import { ScratchPages } from '../../src/machine/scratch.js'
import { counterRow } from '../../src/measure/counters.js'
import { GuestHistograms } from '../../src/measure/guest-histograms.js'
import { Prng, seedOf } from '../../src/random/prng.js'
import type { KsmPlan, Plan, TpsPlan } from '../../src/scenario/plan.js'
import { Reclaimer } from '../../src/sharing/reclaimer.js'
import { saltKeys } from '../../src/sharing/salt.js'
import { createScanHands } from '../../src/sharing/scan-hands.js'
import { Scanner } from '../../src/sharing/scanner.js'
import { TpsPolicy } from '../../src/sharing/tps.js'
import { drive } from '../../src/sync/actor.js'
import { Control } from '../../src/sync/control.js'
import { CheckedMmu, PlainPages } from './checked-mmu.js'
import type { GuestReport, RoundReport, RoundTask, StressTask } from './stress.js'
import { viewOf, weakZeroPageHash } from './stress-machine.js'
import { CONTENTS, GUESTS, KSM_RATES, KSMD, RECLAIMER, type StressSetting } from './stress-settings.js'

const VERIFY_LIMIT_MS = 30_000
/**
 * A guest that gets no frame for so long does something else instead: without swap there may be none until it
 * overwrites a page of its own with something that can be shared.
 */
const STALL_LIMIT_SECONDS = 0.004
/** Words of the longest store that is not a whole page. */
const WORDS_MAX = 16

const { thread, machines } = workerData as StressTask
const { kernels } = machines[0]!.handle.machine
// Made once, and used in every round: nothing of a round is left behind for the collector but small objects.
const views = machines.map(({ handle }) => viewOf(handle, thread))
const zeroHash = weakZeroPageHash(kernels)
const scratch = new ScratchPages(kernels)
const plain = new PlainPages(Math.max(...machines.map(({ setting }) => setting.pagesPerGuest)), kernels)
const histograms = new GuestHistograms()

class Round {
  private readonly setting: StressSetting
  private readonly view
  private readonly control: Control
  private readonly counters: Float64Array
  private readonly guests
  private readonly seed: number

  constructor(private readonly task: RoundTask) {
    this.setting = machines[task.machine]!.setting
    this.view = views[task.machine]!
    this.control = new Control(task.control)
    this.counters = counterRow(task.counters, thread)
    const { pagesPerGuest: pages } = this.setting
    this.guests = Array.from({ length: GUESTS }, (_, guest) => ({
      firstPage: guest * pages,
      pages,
      share: true,
      salt: undefined,
    }))
    this.seed = seedOf('stress thread', task.seed, thread)
  }

  play(): RoundReport {
    this.control.attach(thread, 0)
    if (thread < GUESTS) return { guest: this.playGuest() }
    if (thread === RECLAIMER) this.reclaim()
    else if (this.setting.ksm === undefined) this.scan()
    else if (thread === KSMD) this.scanAsKsmd(this.setting.ksm)
    this.control.arriveQuiet(thread)
    return {}
  }

  private playGuest(): GuestReport {
    const { control, counters } = this
    const mmu = new CheckedMmu(
      this.view,
      {
        ...this.guests[thread]!,
        counters,
        histograms,
        stallLimitSeconds: STALL_LIMIT_SECONDS,
        isStopping: () => control.isStopping(),
      },
      plain,
    )
    const accessesGivenUp = this.live(mmu)
    control.arriveQuiet(thread)
    if (!control.awaitVerify(VERIFY_LIMIT_MS)) throw new Error('the others did not come to rest')
    const { swapFd } = machines[this.task.machine]!.handle.machine
    const atRest = new MachinePages(this.view, mmu.firstPage, swapFd, scratch)
    const verification = verifyPages(mmu, atRest, `g${thread}`)
    const { wordsStored, wordsLoaded } = mmu
    return { verification, wordsStored, wordsLoaded, accessesGivenUp }
  }

  /** A little of everything, without a pause, until the round stops; returns how many accesses got no frame. */
  private live(mmu: CheckedMmu): number {
    const prng = new Prng(this.seed)
    const operations = operationsOf(mmu, this.task.seed, prng)
    let givenUp = 0
    while (!this.control.isStopping()) {
      try {
        operations[prng.nextBelow(operations.length)]!()
      } catch (error) {
        if (error instanceof RunStopped) break
        if (!(error instanceof OutOfFramesError)) throw error
        givenUp++
      }
    }
    return givenUp
  }

  private scan(): void {
    const plan = {
      seed: this.seed,
      host: { processors: 1, GHz: 1 },
      scanner: {
        policy: 'tps',
        order: thread % 2 === 0 ? 'random' : 'sequential',
        ShareForceSalting: this.setting.forceSalting,
        rates: [{ unthrottled: true }],
      },
    } as unknown as Plan & { scanner: TpsPlan }
    const hands = createScanHands(this.guests.length)
    drive(
      new Scanner(this.policy(), this.control, this.counters, plan, this.guests, this.view.ptes, hands),
      this.control,
    )
  }

  private scanAsKsmd(fixed: Pick<KsmFixed, 'max_page_sharing'>): void {
    const { view, control, guests, task } = this
    const scanner: KsmPlan = {
      policy: 'ksm',
      count: 1,
      onDeath: 'fail',
      CONFIG_HZ: 250,
      fixed: { ...KSM_DEFAULTS, ...fixed },
      rates: [...KSM_RATES],
    }
    const scannerTask: ScannerTask = {
      machine: machines[task.machine]!.handle.machine,
      control: task.control,
      counters: task.counters,
      thread,
      index: 0,
      scanHands: createScanHands(0),
      plan: { seed: this.seed, scanner } as unknown as Plan,
      guests,
    }
    const ksmd = new Ksmd(view, scannerTask, scanner, control)
    // biome-ignore lint/complexity/useLiteralKeys: it is private, and does not know of weak hashes
    Object.assign(ksmd['policy'], { zeroHash })
    drive(ksmd, control)
  }

  private reclaim(): void {
    const prng = new Prng(this.seed)
    const { view, control, counters, guests } = this
    const policy = this.setting.ksm === undefined ? this.policy() : undefined
    new Reclaimer(view, policy, control, counters, guests, prng, this.setting.enoughFrames).run()
  }

  private policy(): TpsPolicy {
    const salts = saltKeys(
      this.guests.map(({ salt }) => salt),
      this.setting.forceSalting,
    )
    return new TpsPolicy(this.view, salts, this.counters, zeroHash)
  }
}

/** What a guest does, each as often as it is listed. */
function operationsOf(mmu: CheckedMmu, contentSeed: number, prng: Prng): (() => void)[] {
  const contents = new PageContents(mmu, contentSeed, thread)
  const memory = { ram: mmu, contents, image: [] }
  const ranges = [{ first: 0, pages: mmu.pages }]
  const reloading: Operation = operationOf(
    { do: 'reload', ranges, pace: { kind: 'over', seconds: 0 } },
    memory,
    prng.nextInt32(),
  )
  const values = new Int32Array(WORDS_MAX)
  const anyPage = () => prng.nextBelow(mmu.pages)

  const storeKnown = () => contents.writeKnown(anyPage(), prng.nextBelow(CONTENTS + 1))
  const storePrivate = () => contents.writePrivate(anyPage())
  const zero = () => mmu.zero(anyPage())
  const reload = () => reloading.run()
  const storeWords = () => {
    const words = 1 + prng.nextBelow(WORDS_MAX)
    for (let i = 0; i < words; i++) values[i] = prng.nextInt32()
    mmu.store(anyPage(), prng.nextBelow(PAGE_WORDS - words + 1), values, words)
  }
  const load = () => {
    mmu.load(anyPage(), prng.nextBelow(PAGE_WORDS))
  }
  const loadLast = () => mmu.loadLast(anyPage())
  return [
    ...[storeKnown, storeKnown, storeKnown, storePrivate, zero, reload],
    ...[storeWords, storeWords],
    ...[load, load, load, loadLast, loadLast, loadLast],
  ]
}

parentPort!.on('message', (task: RoundTask) => {
  const report = new Round(task).play()
  // Where memory is watched nothing may be left that is only waiting for the collector.
  globalThis.gc?.()
  parentPort!.postMessage(report)
})
