/** Memory without a hypervisor below it: what stores through the MMU are compared with. */
import { adviseHugePages } from '../../src/machine/huge-pages.js'
import { PAGE_WORDS } from '../../src/machine/layout.js'

/** Not backed yet, and with huge pages where the machine's own memory has them. */
export function bareMemory(pages: number): Int32Array {
  const words = new Int32Array(pages * PAGE_WORDS)
  adviseHugePages(words)
  return words
}
