/** Disks so small that a test can fill them: tmpfs, which only root may mount. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** Mounts one; it is taken away at the end of the test. */
export function mountSmallDisk(parent: string, name: string, kibibytes: number): string {
  const directory = join(parent, name)
  mkdirSync(directory)
  assert(mountTmpfs(directory, kibibytes))
  after(() => spawnSync('umount', ['--lazy', directory]))
  return directory
}

/** Is that allowed here? */
export function canMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'twinpage-mount-'))
  const mounted = mountTmpfs(directory, 4)
  if (mounted) spawnSync('umount', [directory])
  rmdirSync(directory)
  return mounted
}

/** False while files on it are open for writing. */
export function makeReadOnly(directory: string): boolean {
  return mount('-o', 'remount,ro', directory)
}

/** Uses up all the room there is. */
export function fillDisk(directory: string): void {
  const fd = openSync(join(directory, 'filler'), 'w')
  const block = Buffer.alloc(4096)
  try {
    while (writeSync(fd, block) > 0);
  } catch {
    // Full, as intended.
  } finally {
    closeSync(fd)
  }
}

function mountTmpfs(directory: string, kibibytes: number): boolean {
  return mount('-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'twinpage-test', directory)
}

function mount(...args: string[]): boolean {
  return spawnSync('mount', args).status === 0
}
