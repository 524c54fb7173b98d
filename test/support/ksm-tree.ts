/**
 * A made-up /sys/kernel/mm/ksm and /proc in a temporary directory: files that say what a test lets them say, and take
 * writes as the kernel does, refusals included.
 */
import childProcess from 'node:child_process'
import fs, { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import os, { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { KsmPaths } from '../../src/linux/ksm-paths.js'

const writeFile = fs.writeFileSync
const { setPriority } = os
const { spawnSync } = childProcess

/** Linux 6.18, just started, and with something merged. */
const SYSFS: Record<string, string | number> = {
  run: 1,
  pages_to_scan: 100,
  sleep_millisecs: 20,
  use_zero_pages: 0,
  smart_scan: 1,
  max_page_sharing: 256,
  merge_across_nodes: 1,
  stable_node_chains_prune_millisecs: 2000,
  advisor_mode: '[none] scan-time',
  advisor_max_cpu: 70,
  advisor_min_pages_to_scan: 500,
  advisor_max_pages_to_scan: 30_000,
  advisor_target_scan_time: 200,
  pages_shared: 0,
  pages_sharing: 0,
  pages_unshared: 40,
  pages_volatile: 5,
  pages_scanned: 4000,
  pages_skipped: 300,
  full_scans: 12,
  ksm_zero_pages: 0,
  stable_node_chains: 0,
  stable_node_dups: 0,
  general_profit: 0,
}

export interface MadeUpProcess {
  comm?: string
  startTicks?: number
  state?: string
  flags?: number
  nice?: number
  /** Its scheduling class, by number. */
  policy?: number
  /** None for a process without memory of its own. */
  ksmStat?: string
}

export interface MadeUpKsmd {
  nice: number
  policy: number
  processors: string
}

/** linux/sched.h */
export const PF_KTHREAD = 0x0020_0000
export const KSMD_PID = 47
/** As the kernel starts it. */
const KSMD: MadeUpKsmd = { nice: 5, policy: 0, processors: '0,3' }
/** All that a run can ask of it. */
export const KSMD_CHANGES = [{ class: 'SCHED_BATCH' }, { nice: 11 }, { processors: [1] }] as const

export class KsmTree {
  /** Every write that was tried, such as `run 2`. */
  readonly writes: string[] = []

  constructor(readonly paths: KsmPaths) {}

  static create(): KsmTree {
    const directory = mkdtempSync(join(tmpdir(), 'twinpage-ksm-'))
    const tree = new KsmTree({
      sysfs: join(directory, 'sys'),
      proc: join(directory, 'proc'),
      saved: join(directory, 'run', 'twinpage', 'ksm-settings.json'),
    })
    chmodSync(directory, 0o755)
    for (const [name, value] of Object.entries(SYSFS)) tree.say(name, value)
    tree.put(join(tree.paths.proc, 'vmstat'), 'nr_free_pages 1\nksm_swpin_copy 3\ncow_ksm 71\nzswpin 0\n')
    tree.addProcess(process.pid, {})
    return tree
  }

  /** What a file of sysfs says. */
  say(name: string, value: string | number): void {
    this.put(join(this.paths.sysfs, name), `${value}\n`)
  }

  /** A kernel too old for it. */
  lacks(...names: string[]): void {
    for (const name of names) rmSync(join(this.paths.sysfs, name))
  }

  addProcess(
    pid: number,
    {
      comm = 'qemu',
      startTicks = 500,
      state = 'S',
      flags = 0,
      nice = 0,
      policy = 0,
      ksmStat = '',
    }: MadeUpProcess,
  ) {
    const zeros = (count: number) => Array(count).fill(0).join(' ')
    const last = `${startTicks} ${zeros(18)} ${policy} ${zeros(11)}`
    const stat = `${pid} (${comm}) ${state} ${zeros(5)} ${flags} ${zeros(9)} ${nice} ${zeros(2)} ${last}\n`
    for (const [file, text] of Object.entries({ comm: `${comm}\n`, stat, ksm_stat: ksmStat }))
      this.putProcessFile(pid, file, text)
  }

  /** The kernel thread, scheduled as it is said. */
  addKsmd({ nice, policy, processors }: MadeUpKsmd = KSMD): void {
    this.addProcess(KSMD_PID, { comm: 'ksmd', flags: PF_KTHREAD, nice, policy })
    this.putProcessFile(KSMD_PID, 'status', `Name:\tksmd\nCpus_allowed_list:\t${processors}\n`)
  }

  /** How it is scheduled now. */
  ksmd(): MadeUpKsmd {
    const read = (file: string) => readFileSync(join(this.paths.proc, String(KSMD_PID), file), 'utf8')
    const stat = read('stat').split(' ')
    const processors = /_list:\t(.*)/.exec(read('status'))![1]!
    return { nice: Number(stat[18]), policy: Number(stat[40]), processors }
  }

  putProcessFile(pid: number, file: string, text: string): void {
    this.put(join(this.paths.proc, String(pid), file), text)
  }

  removeFile(pid: number, file: string): void {
    rmSync(join(this.paths.proc, String(pid), file))
  }

  removeProcess(pid: number): void {
    rmSync(join(this.paths.proc, String(pid)), { recursive: true })
  }

  value(name: string): string {
    return readFileSync(join(this.paths.sysfs, name), 'utf8').trim()
  }

  /** All settings that there are, as their files say. */
  settings(): Record<string, string> {
    const names = Object.keys(SYSFS).slice(0, Object.keys(SYSFS).indexOf('pages_shared'))
    const there = names.filter((name) => existsSync(join(this.paths.sysfs, name)))
    return Object.fromEntries(there.map((name) => [name, this.value(name)]))
  }

  /** From here on writes to its sysfs do what the kernel (6.18, mm/ksm.c) does at them, and its ksmd is scheduled as asked. */
  obey(beforeWrite: (write: string) => void = () => {}): void {
    fs.writeFileSync = ((file: string, data: string, options: object) => {
      if (typeof file !== 'string' || dirname(file) !== this.paths.sysfs)
        return writeFile(file, data, options)
      const name = file.slice(this.paths.sysfs.length + 1)
      beforeWrite(`${name} ${data}`)
      this.writes.push(`${name} ${data}`)
      this.take(name, data)
    }) as typeof writeFile
    const schedule = (write: string, change: Partial<MadeUpKsmd>) => {
      beforeWrite(write)
      this.writes.push(write)
      this.addKsmd({ ...this.ksmd(), ...change })
    }
    os.setPriority = ((pid: number, nice: number) => {
      if (pid !== KSMD_PID) throw new Error(`process ${pid} is none of the tree's`)
      schedule(`nice ${nice}`, { nice })
    }) as typeof setPriority
    childProcess.spawnSync = ((command: string, words: string[]) => {
      if (words.at(-1) !== String(KSMD_PID)) return spawnSync(command, words, { encoding: 'utf8' })
      if (command === 'chrt') schedule(words[0]!, { policy: POLICY_OF[words[0]!]! })
      else schedule(`processors ${words[2]}`, { processors: words[2]! })
      return { status: 0, stderr: '' }
    }) as typeof spawnSync
    syncBuiltinESMExports()
  }

  disobey(): void {
    fs.writeFileSync = writeFile
    os.setPriority = setPriority
    childProcess.spawnSync = spawnSync
    syncBuiltinESMExports()
  }

  remove(): void {
    rmSync(dirname(this.paths.sysfs), { recursive: true, force: true })
  }

  private take(name: string, data: string): void {
    const merged = Number(this.value('pages_shared')) > 0
    if (['max_page_sharing', 'merge_across_nodes'].includes(name) && merged && this.value(name) !== data)
      throw refusal('EBUSY')
    const hasAdvisor =
      existsSync(join(this.paths.sysfs, 'advisor_mode')) && this.value('advisor_mode') !== NO_ADVISOR
    if (name === 'pages_to_scan' && hasAdvisor) throw refusal('EINVAL')
    if (name === 'advisor_mode') {
      const wanted = data === 'none' ? NO_ADVISOR : 'none [scan-time]'
      if (wanted === this.value(name)) return
      this.say('pages_to_scan', data === 'none' ? 100 : this.value('advisor_min_pages_to_scan'))
      this.say(name, wanted)
    } else this.say(name, data)
    if (name === 'run' && data === '2')
      for (const counter of ['pages_shared', 'pages_sharing', 'full_scans']) this.say(counter, 0)
  }

  private put(file: string, text: string): void {
    mkdirSync(dirname(file), { recursive: true })
    writeFile(file, text)
  }
}

const NO_ADVISOR = '[none] scan-time'
/** chrt's options, and linux/sched.h. */
const POLICY_OF: Record<string, number> = { '--other': 0, '--batch': 3, '--idle': 5 }

/** Does it as a user whom the system refuses something. */
export function notAsRoot<Result>(act: () => Result): Result {
  if (process.geteuid?.() !== 0) return act()
  process.seteuid!(NOBODY)
  try {
    return act()
  } finally {
    process.seteuid!(0)
  }
}

const NOBODY = 65_534

function refusal(code: string): Error {
  return Object.assign(new Error(`${code}: refused, write`), { code, syscall: 'write' })
}
