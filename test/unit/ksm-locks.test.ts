/** What if a page is held, or changes, just as policy `ksm` would merge it? Nothing is merged, lost or left locked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOCKED } from '../../src/machine/pte.js'
import { SCAN } from '../../src/measure/counters.js'
import { TestHost } from '../support/host.js'
import { KsmScanner } from '../support/ksm-scanner.js'

const CONTENT = 5

/** Two merged pages, or none, and a page of guest 0 that is about to find them, or each other; all were scanned once. */
class Scene {
  readonly host = new TestHost({ guests: [4, 4] })
  readonly scanner: KsmScanner

  constructor(content: number, use_zero_pages: 0 | 1 = 0) {
    const { host } = this
    const settings = { use_zero_pages, max_page_sharing: 256, smart_scan: 0 } as const
    this.scanner = new KsmScanner(host.scannerView, host.handle.kernels, host.guests, host.counters, settings)
    for (const guest of [0, 1]) host.guests[guest]!.contents.writeKnown(0, content)
    this.scanner.fullScan()
  }

  /** One more page of this content, whose checksum is known. */
  addPage(content: number): number {
    this.host.guests[0]!.contents.writeKnown(1, content)
    this.scanner.policy.visit(this.host.page(0, 1))
    return this.host.page(0, 1)
  }

  /** Visits a page while `held` is somebody else's. */
  visitWhileHeld(page: number, held: number): void {
    const { ptes } = this.host.handle
    ptes[held]! |= LOCKED
    this.scanner.policy.visit(page)
    ptes[held]! &= ~LOCKED
  }

  /** Visits a page that is found not to be what it was, when it is compared under its lock. */
  visitWhileChanging(page: number): void {
    const { kernels } = this.host.scannerView
    kernels.equal = () => false
    kernels.isZero = () => false
    this.scanner.policy.visit(page)
    Reflect.deleteProperty(kernels, 'equal')
    Reflect.deleteProperty(kernels, 'isZero')
  }

  /** Nothing was merged by that; and it is by the next visits. */
  assertHarmless(failures: Partial<Record<'lockFailures' | 'staleHints', number>>): void {
    const { host, scanner } = this
    const { counters } = scanner
    host.assertIntact()
    assert.deepEqual(
      [counters[SCAN.lockFailures], counters[SCAN.staleHints]],
      [failures.lockFailures ?? 0, failures.staleHints ?? 0],
    )
    const before = counters[SCAN.merges]!
    scanner.fullScan()
    assert(counters[SCAN.merges]! > before, 'it is never merged')
    host.assertIntact()
  }
}

test('a page that is held is not mapped to a shared frame', () => {
  const scene = new Scene(CONTENT)
  scene.scanner.fullScan()
  const page = scene.addPage(CONTENT)
  scene.visitWhileHeld(page, page)
  scene.assertHarmless({ lockFailures: 1 })
})

test('a page that changes is not mapped to a shared frame', () => {
  const scene = new Scene(CONTENT)
  scene.scanner.fullScan()
  scene.visitWhileChanging(scene.addPage(CONTENT))
  scene.assertHarmless({})
})

for (const [which, held] of [
  ['that is visited', 1],
  ['in the unstable tree', 0],
] as const) {
  test(`of two equal pages the one ${which} is held`, () => {
    const scene = new Scene(CONTENT)
    const { host, scanner } = scene
    scanner.policy.beginFullScan()
    scanner.policy.visit(host.page(0, 0))
    scene.visitWhileHeld(host.page(1, 0), host.page(held, 0))
    scene.assertHarmless({ lockFailures: 1 })
  })
}

test('of two equal pages one changes', () => {
  const scene = new Scene(CONTENT)
  const { host, scanner } = scene
  scanner.policy.beginFullScan()
  scanner.policy.visit(host.page(0, 0))
  scene.visitWhileChanging(host.page(1, 0))
  scene.assertHarmless({ staleHints: 1 })
})

test('a page of zeros that is held, or changes, is not mapped to the zero page', () => {
  for (const isThere of [false, true]) {
    const scene = new Scene(0, 1)
    if (isThere) scene.scanner.fullScan()
    const page = scene.addPage(0)
    scene.visitWhileHeld(page, page)
    scene.visitWhileChanging(page)
    scene.host.assertIntact()
    const before = scene.scanner.counters[SCAN.merges]!
    scene.scanner.fullScan()
    assert(scene.scanner.counters[SCAN.merges]! > before)
    scene.host.assertIntact()
  }
})
