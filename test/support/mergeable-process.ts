/**
 * A process with mergeable memory: `node mergeable-process.js PAGES`, all of them equal. It says `ready` and lives until
 * its stdin ends.
 */
import { MADV_MERGEABLE, MADV_NOHUGEPAGE, madvise } from '../../src/host/libc.js'
import { PAGE_BYTES } from '../../src/machine/layout.js'

const WASM_PAGE_BYTES = 65_536

const sizeBytes = Number(process.argv[2]) * PAGE_BYTES
const wasmPages = sizeBytes / WASM_PAGE_BYTES
const memory = new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages, shared: true })
madvise(memory, MADV_NOHUGEPAGE)
madvise(memory, MADV_MERGEABLE)
new Uint8Array(memory.buffer).fill(0x5a)
process.stdout.write('ready\n')
process.stdin.resume()
process.stdin.on('end', () => process.exit(memory.buffer.byteLength === sizeBytes ? 0 : 1))
