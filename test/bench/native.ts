/**
 * The native read loop (native/read.c), compiled with the machine's own cc when the bench needs it, and called in this
 * process: so it reads the very bytes that the scanner scans, at the same addresses. Compiled twice: to a loop that adds
 * word by word, and to the widest vectors that this processor has.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { messageOf, ResourceError } from '../../src/errors.js'
import { libc } from '../../src/host/libc.js'
import type { Notes } from './bench.js'

const SOURCE = fileURLToPath(new URL('../../../test/bench/native/read.c', import.meta.url))
const BYTES_PER_WORD = 8

export interface ReadLoop {
  sequential: (bytes: Uint8Array) => void
  /** Pages of 4 KiB in the order given. */
  pages: (bytes: Uint8Array, order: Uint32Array) => void
}

export interface ReadLoops {
  words: ReadLoop
  vectors: ReadLoop
}

const FLAGS = { words: ['-O2', '-fno-tree-vectorize'], vectors: ['-O3', '-march=native'] }

let loaded: ReadLoops | undefined

/** Undefined, and a note, where there is no compiler or koffi. */
export function readLoops(notes: Notes): ReadLoops | undefined {
  try {
    loaded ??= { words: compile(FLAGS.words), vectors: compile(FLAGS.vectors) }
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error
    notes.add(`without the native read loop: ${messageOf(error)}`)
  }
  return loaded
}

function compile(flags: readonly string[]): ReadLoop {
  const { koffi } = libc()
  const directory = mkdtempSync(join(tmpdir(), 'twinpage-bench-'))
  try {
    const file = join(directory, 'read.so')
    const { error, status, stderr } = spawnSync('cc', [...flags, '-shared', '-fPIC', '-o', file, SOURCE], {
      encoding: 'utf8',
    })
    if (error !== undefined) throw new ResourceError(`no C compiler: ${messageOf(error)}`)
    if (status !== 0) throw new ResourceError(`cc failed: ${messageOf(stderr)}`)
    const library = koffi.load(file)
    const readAll = library.func('uint64_t read_all(void *words, size_t count)')
    const readPages = library.func('uint64_t read_pages(void *words, void *order, size_t pages)')
    return {
      sequential: (bytes) => readAll(bytes, bytes.byteLength / BYTES_PER_WORD),
      pages: (bytes, order) => readPages(bytes, order, order.length),
    }
  } finally {
    // What is loaded stays loaded.
    rmSync(directory, { recursive: true })
  }
}
