/** KSM taken over for a run and put back, over a made-up tree that takes writes as the kernel does. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ResourceError } from '../../src/errors.js'
import { requireFreeKsm } from '../../src/linux/ksm-available.js'
import { restoreAbandonedKsm, takeOverKsm } from '../../src/linux/take-over.js'
import { KSMD_CHANGES, KSMD_PID, KsmTree, type MadeUpKsmd, notAsRoot } from '../support/ksm-tree.js'

const OWNER = fileURLToPath(new URL('../support/ksm-owner.js', import.meta.url))
/** A child that takes this long hangs. */
const LIMIT_MS = 30_000

/** Unlike what the tree begins with, in ways that the kernel takes in one order only. */
const OURS = { run: 1, pages_to_scan: 7, max_page_sharing: 16, advisor_mode: 'none', smart_scan: 0 } as const

let tree: KsmTree
let before: Record<string, string>
let ksmdBefore: MadeUpKsmd

beforeEach(() => {
  tree = KsmTree.create()
  // Something is merged, and the advisor is on: neither max_page_sharing nor pages_to_scan can just be written.
  for (const [name, value] of Object.entries({
    run: 0,
    pages_shared: 3,
    pages_sharing: 9,
    max_page_sharing: 128,
  }))
    tree.say(name, value)
  tree.say('advisor_mode', 'none [scan-time]')
  tree.say('advisor_min_pages_to_scan', 600)
  tree.say('pages_to_scan', 4500)
  tree.addProcess(process.pid, { ksmStat: 'ksm_rmap_items 12\n' })
  tree.addKsmd()
  ksmdBefore = tree.ksmd()
  before = tree.settings()
  tree.obey()
})
afterEach(() => {
  tree.disobey()
  tree.remove()
})

describe('taking KSM over', () => {
  test('unmerges all first, runs last, and changes only what is named', () => {
    takeOverKsm(OURS, tree.paths)
    assert.equal(tree.writes[0], 'run 2')
    assert.equal(tree.writes.at(-1), 'run 1')
    assert.deepEqual(tree.settings(), {
      ...before,
      ...{ run: '1', pages_to_scan: '7', max_page_sharing: '16', smart_scan: '0' },
      advisor_mode: '[none] scan-time',
    })
    assert.deepEqual([tree.value('pages_shared'), tree.value('full_scans')], ['0', '0'])
  })
  test('an advisor that was on and stays on begins anew, with its own first number of pages', () => {
    tree.say('pages_to_scan', 20_000)
    takeOverKsm({ run: 1, advisor_min_pages_to_scan: 900 }, tree.paths)
    assert.equal(tree.value('advisor_mode'), 'none [scan-time]')
    assert.equal(tree.value('pages_to_scan'), '900')
  })
  test('restore puts all back in such an order, once, and leaves no file', () => {
    const held = takeOverKsm(OURS, tree.paths)
    held.set({ sleep_millisecs: 0, run: 1 })
    tree.say('pages_shared', 5)
    tree.writes.length = 0
    held.restore()
    assert.deepEqual(tree.settings(), before)
    assert.equal(tree.writes[0], 'run 2')
    assert.equal(tree.writes.at(-1), 'run 0')
    assert.deepEqual(readdirSync(dirname(tree.paths.saved)), [])
    tree.say('run', 1)
    held.restore()
    assert.equal(tree.value('run'), '1', 'a second restore does nothing')
  })
  test('what was there is in the file before the first write, and until the last', () => {
    tree.disobey()
    const sawFile: boolean[] = []
    tree.obey(() => sawFile.push(existsSync(tree.paths.saved)))
    takeOverKsm(OURS, tree.paths).restore()
    assert(sawFile.length > 20)
    assert(sawFile.every(Boolean))
  })
  test('of an old kernel: settings that it lacks are neither written nor put back', () => {
    tree.lacks('advisor_mode', 'smart_scan', 'use_zero_pages')
    const { replaced, restore } = takeOverKsm({ run: 1, pages_to_scan: 7, smart_scan: 0 }, tree.paths)
    assert(!('smart_scan' in replaced))
    restore()
    assert(!existsSync(`${tree.paths.sysfs}/smart_scan`))
    assert.equal(tree.value('pages_to_scan'), before.pages_to_scan)
  })
  test('settings that the kernel refuses leave everything as it was', () => {
    tree.lacks('smart_scan')
    assert.throws(() => takeOverKsm({ ...OURS, smart_scan: 1 }, tree.paths), ResourceError)
    delete before.smart_scan
    assert.deepEqual(tree.settings(), before)
    assert(!existsSync(tree.paths.saved))
  })
  test('what was there may be read by all, whatever the umask', () => {
    const umask = process.umask(0o077)
    try {
      takeOverKsm(OURS, tree.paths)
    } finally {
      process.umask(umask)
    }
    const modes = [dirname(tree.paths.saved), tree.paths.saved].map((file) => statSync(file).mode & 0o777)
    assert.deepEqual(modes, [0o755, 0o644])
  })
  test('is refused while another process has it, by its number', () => {
    takeOverKsm(OURS, tree.paths)
    const ours = tree.settings()
    const taken = new RegExp(`KSM is taken: process ${process.pid} `)
    assert.throws(() => takeOverKsm({ run: 0 }, tree.paths), taken)
    assert.throws(() => requireFreeKsm(tree.paths), taken)
    assert.equal(restoreAbandonedKsm(tree.paths), undefined)
    assert.deepEqual(tree.settings(), ours)
  })
})

describe('ksmd', () => {
  test('is scheduled as asked, and put back', () => {
    const { schedule, restore } = takeOverKsm(OURS, tree.paths)
    for (const change of KSMD_CHANGES) schedule(change)
    assert.deepEqual(tree.ksmd(), { policy: 3, nice: 11, processors: '1' })
    restore()
    assert.deepEqual(tree.ksmd(), ksmdBefore)
    assert.deepEqual(tree.settings(), before)
  })
  test('is left alone by a run that asks for nothing: what others change meanwhile stays', () => {
    const { restore } = takeOverKsm(OURS, tree.paths)
    tree.addKsmd({ ...ksmdBefore, nice: -3 })
    restore()
    assert.equal(tree.ksmd().nice, -3)
    assert(!tree.writes.some((write) => write.startsWith('nice')))
  })
  test('is put back although the settings can not be', () => {
    const { schedule, restore } = takeOverKsm(OURS, tree.paths)
    schedule({ nice: 11 })
    tree.lacks('smart_scan')
    assert.throws(restore, /smart_scan can't be 1/)
    assert.deepEqual(tree.ksmd(), ksmdBefore)
    assert(existsSync(tree.paths.saved), 'the next command is to try again')
  })
  test('that had already what was asked needs no putting back, which could be refused', () => {
    const { schedule, restore } = takeOverKsm(OURS, tree.paths)
    schedule({ nice: ksmdBefore.nice })
    tree.writes.length = 0
    restore()
    assert(!tree.writes.some((write) => write.startsWith('nice')))
  })
  test('is refused in one line where it can not be seen', () => {
    tree.removeProcess(KSMD_PID)
    const { schedule, restore } = takeOverKsm(OURS, tree.paths)
    assert.throws(() => schedule({ nice: 11 }), {
      name: 'ResourceError',
      message: "ksmd can't be seen from here",
    })
    restore()
    assert.deepEqual(readdirSync(dirname(tree.paths.saved)), [])
  })
  test('is refused where it has a class that could not be put back', () => {
    tree.addKsmd({ ...ksmdBefore, policy: 1 })
    const { schedule } = takeOverKsm(OURS, tree.paths)
    assert.throws(() => schedule({ nice: 11 }), { name: 'ResourceError', message: /real-time/ })
    assert.equal(tree.ksmd().nice, ksmdBefore.nice)
  })
})

describe('what a dead process left', () => {
  /** Settings of ours are in force, and their owner is process 4711, started at tick 500. */
  function leave(): void {
    takeOverKsm(OURS, tree.paths)
    const saved = JSON.parse(readFileSync(tree.paths.saved, 'utf8')) as object
    writeFileSync(tree.paths.saved, JSON.stringify({ ...saved, pid: 4711, startTicks: 500 }))
  }

  test('is put back, and said', () => {
    leave()
    assert.match(restoreAbandonedKsm(tree.paths)!, /^process 4711 ended without [^\n]+$/)
    assert.deepEqual(tree.settings(), before)
    assert.deepEqual(readdirSync(dirname(tree.paths.saved)), [])
    assert.equal(restoreAbandonedKsm(tree.paths), undefined)
  })
  test('is its own while it lives', () => {
    leave()
    tree.addProcess(4711, { startTicks: 500 })
    assert.equal(restoreAbandonedKsm(tree.paths), undefined)
    assert.equal(tree.value('run'), '1')
  })
  test('is not the property of a later process with its number', () => {
    leave()
    tree.addProcess(4711, { startTicks: 501 })
    assert.match(restoreAbandonedKsm(tree.paths)!, /4711/)
    assert.deepEqual(tree.settings(), before)
  })
  test('is put back although its parent has not asked for its end yet', () => {
    leave()
    tree.addProcess(4711, { startTicks: 500, state: 'Z' })
    assert.match(restoreAbandonedKsm(tree.paths)!, /4711/)
  })
  test('is put back before another run begins', () => {
    leave()
    const { replaced } = takeOverKsm({ run: 0 }, tree.paths)
    assert.equal(replaced.max_page_sharing, Number(before.max_page_sharing))
  })
  test('is put back by one process only', () => {
    leave()
    writeFileSync(`${tree.paths.saved}.claim`, '')
    assert.equal(restoreAbandonedKsm(tree.paths), undefined)
    assert.equal(tree.value('run'), '1')
  })
  test('is put back by the command after next if one was killed while it claimed it', () => {
    leave()
    const claim = `${tree.paths.saved}.claim`
    writeFileSync(claim, '')
    utimesSync(claim, 0, 0)
    assert.equal(restoreAbandonedKsm(tree.paths), undefined)
    assert.match(restoreAbandonedKsm(tree.paths)!, /4711/)
    assert.deepEqual(tree.settings(), before)
  })
  test('can be put back only by root', () => {
    leave()
    assert.throws(() => notAsRoot(() => restoreAbandonedKsm(tree.paths)), {
      name: 'ResourceError',
      message: /^process 4711 ended without [^\n]* root [^\n]*EACCES[^\n]*$/,
    })
  })
  test('that may not be read is nothing to be removed', () => {
    leave()
    chmodSync(tree.paths.saved, 0)
    assert.throws(() => notAsRoot(() => restoreAbandonedKsm(tree.paths)), {
      name: 'ResourceError',
      message: /^only root [^\n]*EACCES[^\n]*ksm-settings\.json'$/,
    })
  })
  for (const [what, text] of Object.entries({
    'half a file': '{"pid":4711,"startTicks":500,"sett',
    nothing: '',
    'another kind of JSON': '[1]',
    'a setting that is none': '{"pid":4711,"startTicks":5,"settings":{"run":1,"../../x":1}}',
    'a value that is none': '{"pid":4711,"startTicks":5,"settings":{"run":3}}',
    'a niceness that is none':
      '{"pid":4711,"startTicks":5,"settings":{"run":1},"ksmd":{"class":"SCHED_OTHER","nice":99,"processors":[0]}}',
  })) {
    test(`that is ${what} is left alone, and said in one line`, () => {
      mkdirSync(dirname(tree.paths.saved), { recursive: true })
      writeFileSync(tree.paths.saved, text)
      assert.throws(() => restoreAbandonedKsm(tree.paths), {
        name: 'ResourceError',
        message: /^\S+ksm-settings\.json [^\n]*can't be read[^\n]*$/,
      })
      assert.deepEqual(tree.writes, [])
      assert(existsSync(tree.paths.saved))
    })
  }
})

describe('a process that is killed', () => {
  // What is merged is the child's.
  beforeEach(() => tree.addProcess(process.pid, {}))
  const run = (killAtWrite: number) =>
    spawnSync(
      process.execPath,
      [OWNER, JSON.stringify(tree.paths), JSON.stringify(OURS), String(killAtWrite)],
      { timeout: LIMIT_MS, encoding: 'utf8' },
    )

  test('(one that is not puts everything back itself)', () => {
    const { status, stderr } = run(0)
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    assert.deepEqual(tree.settings(), before)
    assert.deepEqual(tree.ksmd(), ksmdBefore)
  })
  // Taking over is 15 writes, and 3 for ksmd; putting back 16, and 3.
  for (const killAtWrite of [1, 2, 6, 15, 16, 17, 18, 19, 21, 26, 34, 35, 36, 37]) {
    test(`at write ${killAtWrite}: the next one puts everything back`, () => {
      const { signal, pid } = run(killAtWrite)
      assert.equal(signal, 'SIGKILL')
      tree.removeProcess(pid)
      assert.match(restoreAbandonedKsm(tree.paths)!, new RegExp(`process ${pid} `))
      assert.deepEqual(tree.settings(), before)
      assert.deepEqual(tree.ksmd(), ksmdBefore)
      assert.deepEqual(readdirSync(dirname(tree.paths.saved)), [])
    })
  }
})

test('a process that exits and can not put it back says so in a line', () => {
  const takeOver = new URL('../../src/linux/take-over.js', import.meta.url)
  const code = `import { restoreAtExit } from '${takeOver}'
    restoreAtExit({ restore() { throw new Error('refused') } })
    process.exit(130)`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    timeout: LIMIT_MS,
    encoding: 'utf8',
  })
  assert.deepEqual(
    { status, stderr },
    { status: 130, stderr: 'twinpage: refused; the next twinpage command will try again\n' },
  )
})
