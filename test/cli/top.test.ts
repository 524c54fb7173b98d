/** `twinpage top`, and settings of KSM that were left behind, over a made-up /sys and /proc. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { KsmReport } from '../../src/report/ksm-report.js'
import { runTwinpage, startTwinpage, temporaryDirectory, until } from '../support/cli.js'
import { KSMD_PID, KsmTree } from '../support/ksm-tree.js'

const SCRIPT = fileURLToPath(new URL('../support/ksm-cli.js', import.meta.url))
const ONE_LINE = /^twinpage: [^\n]{10,300}\n$/

let tree: KsmTree
const cwd = temporaryDirectory()
const options = () => ({ cwd, script: SCRIPT, env: { TWINPAGE_TEST_KSM: JSON.stringify(tree.paths) } })
const run = (...args: string[]) => runTwinpage(args, options())

/** Starts twinpage; `printed` is what it has written to stdout so far. */
function start(...args: string[]) {
  const running = startTwinpage(args, options())
  let text = ''
  running.child.stdout!.on('data', (data: string) => {
    text += data
  })
  return { ...running, printed: () => text }
}

beforeEach(() => {
  tree = KsmTree.create()
  tree.addProcess(812, { ksmStat: 'ksm_rmap_items 90\nksm_merging_pages 20\nksm_process_profit 76160\n' })
  tree.addKsmd()
  tree.putProcessFile(KSMD_PID, 'schedstat', '3000000 1000000 5\n')
  tree.say('pages_sharing', 512)
})
afterEach(() => tree.remove())

describe('top', () => {
  test('--once --json prints one object and ends', async () => {
    const { code, stdout, stderr } = await run('top', '--once', '--json', '--interval', '0.1')
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const report = JSON.parse(stdout) as KsmReport
    assert.equal(report.savedMiB, 2)
    assert.equal(report.counters.pages_unshared, 40)
    assert.equal(report.events.cow_ksm, 71)
    assert.equal(report.settings.max_page_sharing, 256)
    assert.deepEqual(
      report.processes.map(({ pid, comm, ksm_merging_pages }) => [pid, comm, ksm_merging_pages]),
      [[812, 'qemu', 20]],
    )
    assert(report.intervalSeconds >= 0.1)
    assert.equal(report.ksmdCpuRatio, 0)
    assert.deepEqual(report.notes, [])
  })
  test('--once prints the figures as text', async () => {
    const { code, stdout } = await run('top', '--once', '--interval', '.1')
    assert.equal(code, 0)
    assert.match(stdout, /^merged {4}2\.00 MiB into 0\.00 MiB, .*\nsaved {5}2\.00 MiB/)
    assert.match(stdout, /^ +812 {2}qemu /m)
  })
  test('in a pipe it prints a block for each interval, with the rates of that interval, until Ctrl-C', async () => {
    const { child, ended, printed } = start('top', '--interval', '0.1')
    await until('two blocks', () => printed().split('\n\n').length > 4)
    tree.say('pages_scanned', 1e9)
    await until('a rate', () => /scan {6}[1-9]/.test(printed()))
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    assert.deepEqual({ code, stderr }, { code: 130, stderr: '' })
    assert.equal(stdout.match(/^scan {6}[1-9]/gm)!.length, 1, 'in one block only')
    assert(!stdout.includes('\x1b'))
  })
  test('--json prints a line for each interval until it is ended', async () => {
    const { child, ended, printed } = start('top', '--interval', '0.1', '--json')
    await until('two lines', () => printed().split('\n').length > 2)
    child.kill('SIGTERM')
    const { code, stdout, stderr } = await ended
    assert.deepEqual({ code, stderr }, { code: 143, stderr: '' })
    for (const line of stdout.trimEnd().split('\n')) assert.equal((JSON.parse(line) as KsmReport).savedMiB, 2)
  })
  test('where there is no KSM: one line, exit code 3', async () => {
    tree.lacks('run')
    const { code, stdout, stderr } = await run('top', '--once')
    assert.match(stderr, ONE_LINE)
    assert.match(stderr, /there is no KSM here/)
    assert.deepEqual({ code, stdout }, { code: 3, stdout: '' })
  })
})

describe('a mistake in the options of top gives one line and exit code 2:', () => {
  const mistakes: [args: string[], says: RegExp][] = [
    [['--interval', '0'], /--interval: expected 0\.1 to 3600 seconds, got "0"/],
    [['--interval', '3601'], /--interval/],
    [['--interval', '1e1'], /--interval/],
    [['--interval'], /interval/],
    [['--prometheus', '65536'], /--prometheus: expected a port from 0 to 65535, got "65536"/],
    [['--prometheus', '-1'], /prometheus/],
    [['--prometheus', '0', '--once'], /--prometheus: .*--once/],
    [['--twice'], /twice/],
  ]
  for (const [args, says] of mistakes) {
    test(args.join(' '), async () => {
      const { code, stdout, stderr } = await run('top', ...args)
      assert.match(stderr, ONE_LINE)
      assert.match(stderr, says)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    })
  }
})

describe('top --prometheus', () => {
  test('serves what the files say at that moment, until a signal', async () => {
    const { child, ended, printed } = start('top', '--prometheus', '0')
    await until('an address', () => printed().endsWith('\n'))
    const url = printed().trim()
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/)

    const first = await fetch(url)
    assert.equal(first.status, 200)
    assert.equal(first.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    assert.match(await first.text(), /^twinpage_ksm_saved_bytes 2097152$/m)
    tree.say('pages_sharing', 256)
    assert.match(await (await fetch(`${url}?x=1`)).text(), /^twinpage_ksm_saved_bytes 1048576$/m)

    assert.equal((await fetch(url.replace('/metrics', '/'))).status, 404)
    const post = await fetch(url, { method: 'POST' })
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
    tree.remove()
    assert.equal((await fetch(url)).status, 500)

    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    assert.deepEqual({ code, stdout, stderr }, { code: 130, stdout: `${url}\n`, stderr: '' })
  })
  test('a port that is in use: one line, exit code 3', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    try {
      await until('a port', () => other.listening)
      const { port } = other.address() as AddressInfo
      const { code, stdout, stderr } = await run('top', '--prometheus', String(port))
      assert.match(stderr, ONE_LINE)
      assert.match(stderr, new RegExp(`EADDRINUSE.*${port}`))
      assert.deepEqual({ code, stdout }, { code: 3, stdout: '' })
    } finally {
      other.close()
    }
  })
})

describe('settings that a killed run left behind', () => {
  const leave = (text: string) => {
    mkdirSync(dirname(tree.paths.saved), { recursive: true })
    writeFileSync(tree.paths.saved, text)
  }
  const saved = { pid: 4711, startTicks: 5, settings: { run: 0, pages_to_scan: 33 } }
  const skip = !existsSync('/proc/self/stat') && 'this system has no /proc'

  test('are put back by the next command, whichever it is, which says so on stderr and does its work', {
    skip,
  }, async () => {
    // The claim needs the process itself in /proc: the real one, where nobody has the number of the dead.
    tree.paths.proc = '/proc'
    leave(JSON.stringify({ ...saved, startTicks: 1 }))
    const first = await run('scenarios')
    assert.match(first.stderr, /^twinpage: process 4711 ended without putting KSM's settings back[^\n]*\n$/)
    assert.equal(first.code, 0)
    assert.match(first.stdout, /case-study/)
    assert.deepEqual([tree.value('run'), tree.value('pages_to_scan')], ['0', '33'])
    assert(!existsSync(tree.paths.saved))
    assert.equal((await run('scenarios')).stderr, '')
  })
  test('are left alone while their owner lives', async () => {
    leave(JSON.stringify({ ...saved, pid: process.pid, startTicks: 500 }))
    assert.equal((await run('scenarios')).stderr, '')
    assert.equal(tree.value('run'), '1')
  })
  test('that can not be read are said in one line, and the command does its work', async () => {
    leave('{"pid":')
    const { code, stdout, stderr } = await run('scenarios')
    assert.match(stderr, ONE_LINE)
    assert.match(stderr, /ksm-settings\.json should hold/)
    assert.equal(code, 0)
    assert.match(stdout, /case-study/)
  })
})
