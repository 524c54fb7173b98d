/** The words of the field, of the page protocol and of studies. */
import type { Entry } from './entry.js'

type Rest = Partial<Pick<Entry, 'aliases' | 'kernel' | 'vmware' | 'definedBy'>>

function word(name: string, meaning: string, rest: Rest = {}): Entry {
  return { kind: 'word', name, meaning, ...rest }
}

const WALDSPURGER = 'Waldspurger, OSDI 2002'
const PROTOCOL = 'docs/protocol.md'
const STUDIES = 'docs/studies.md'
const SCENARIOS = 'docs/scenarios.md'

export const WORDS: readonly Entry[] = [
  word(
    'transparent page sharing',
    'finding pages of equal contents in guests, and backing them with one machine page, copy-on-write, without the guests knowing',
    {
      aliases: ['TPS', 'page sharing', 'content-based page sharing'],
      vmware: ['PSHARE (esxtop)'],
      definedBy: `${WALDSPURGER}, section 4`,
    },
  ),
  word(
    'KSM',
    "Kernel Samepage Merging: Linux's page sharing, of memory that a process has declared mergeable",
    {
      aliases: ['Kernel Samepage Merging'],
      kernel: ['CONFIG_KSM'],
      definedBy: 'mm/ksm.c; Documentation/admin-guide/mm/ksm.rst',
    },
  ),
  word('ksmd', "the kernel's scanner: a thread of the kernel, which runs at nice 5", {
    kernel: ['ksmd'],
    definedBy: 'mm/ksm.c',
  }),
  word('guest', 'a virtual machine: here a thread that really stores to pages of the shared machine memory', {
    aliases: ['VM'],
    vmware: ['VM'],
    definedBy: 'src/guest/guest.ts',
  }),
  word(
    'scanner',
    'the thread that looks for equal pages and merges them; there may be several, each with its part of the pages',
    {
      kernel: ['ksmd'],
      definedBy: 'src/sharing/scanner.ts',
    },
  ),
  word(
    'reclaimer',
    'the thread that frees frames when memory is low: it takes pages at random, shares what it can and swaps out the rest',
    {
      kernel: ['kswapd (in its role)'],
      definedBy: 'src/sharing/reclaimer.ts',
    },
  ),
  word('page', '4,096 bytes of a guest, known by its PPN', { definedBy: 'src/machine/layout.ts' }),
  word(
    'frame',
    '4,096 bytes of machine memory, known by its MPN; free, private to one page, or shared by several',
    {
      aliases: ['machine page'],
      definedBy: 'src/machine/frames.ts',
    },
  ),
  word('PPN', "a page's number in its guest, from 0", {
    aliases: ['guest page number', 'physical page number'],
    kernel: ['gfn (KVM)'],
    definedBy: `${WALDSPURGER}, section 2`,
  }),
  word('MPN', "a frame's number in machine memory", {
    aliases: ['machine page number'],
    kernel: ['pfn'],
    definedBy: `${WALDSPURGER}, section 2`,
  }),
  word(
    'PTE',
    'page table entry: one 32-bit word that says where a page of a guest is, with its MPN and the bits present, writable, locked, shared, swapped, ineligible, untouched and hinted',
    {
      aliases: ['page table entry'],
      kernel: ['pte_t'],
      vmware: ['pmap entry (Waldspurger)'],
      definedBy: 'src/machine/pte.ts',
    },
  ),
  word('absent', 'state of a PTE whose page was never touched', { definedBy: PROTOCOL }),
  word(
    'private',
    'state of a PTE whose page has a frame of its own, which stores go straight to; also an image class: no two pages alike',
    {
      aliases: ['class: private'],
      definedBy: PROTOCOL,
    },
  ),
  word('untouched', 'mark of a private page: no store since its scanner began to look at it', {
    definedBy: PROTOCOL,
  }),
  word(
    'hint',
    'a scanned page that matched nothing, filed under its hash so that a later equal page finds it. It is not write-protected, and costs its guest nothing',
    {
      aliases: ['hinted', 'hint frame'],
      kernel: ['unstable tree node (in its role)'],
      definedBy: `${PROTOCOL}; ${WALDSPURGER}, section 4.3`,
    },
  ),
  word(
    'share table',
    'hash table of all hints and shared frames, by the hash of their contents; its entries are those of the frame table',
    {
      aliases: ['hash table'],
      kernel: ['stable tree, unstable tree (in its role)'],
      definedBy: `src/machine/share-table.ts; ${WALDSPURGER}, section 4.3`,
    },
  ),
  word(
    'merge',
    'mapping two equal pages to one frame, read-only: lock both, compare all bytes, remap, free the duplicate',
    {
      aliases: ['merging'],
      kernel: ['try_to_merge_two_pages, try_to_merge_with_ksm_page (mm/ksm.c)'],
      definedBy: PROTOCOL,
    },
  ),
  word('unmerge', 'giving each page that shares a frame one of its own again, without a store (run 2)', {
    kernel: ['unmerge_and_remove_all_rmap_items (mm/ksm.c)'],
    definedBy: 'src/ksm/unmerge.ts',
  }),
  word('stable tree', "KSM's tree of merged pages, write-protected and therefore in order by their bytes", {
    aliases: ['stable node'],
    kernel: ['root_stable_tree (mm/ksm.c)'],
    definedBy: 'mm/ksm.c',
  }),
  word(
    'unstable tree',
    "KSM's tree of pages that kept their checksum for a scan, not write-protected, so that its order may break; emptied at each full scan",
    {
      kernel: ['root_unstable_tree (mm/ksm.c)'],
      definedBy: 'mm/ksm.c; src/ksm/unstable-tree.ts',
    },
  ),
  word('rmap_item', 'what KSM keeps of each page that it has met: 64 bytes on 64-bit kernels', {
    kernel: ['struct ksm_rmap_item (mm/ksm.c)'],
    definedBy: 'mm/ksm.c',
  }),
  word(
    'checksum',
    "KSM's 32-bit hash of a page: one that differs from the last scan's puts the page off to the next scan",
    {
      kernel: ['oldchecksum (mm/ksm.c)'],
      definedBy: 'mm/ksm.c',
    },
  ),
  word(
    'zero page',
    'a frame of zeros; under policy tps a zero page is shared at first sight, under ksm with use_zero_pages',
    {
      kernel: ['ZERO_PAGE'],
      definedBy: 'docs/architecture.md',
    },
  ),
  word('salt', 'guests share only with guests of the same salt: against side channels between tenants', {
    aliases: ['salting'],
    vmware: ['sched.mem.pshare.salt (of a VM)'],
    definedBy: 'src/sharing/salt.ts',
  }),
  word('large page', 'a page of 2 MiB. ESX does not share them while memory lasts; the lab has none', {
    aliases: ['huge page', '2 MiB page'],
    definedBy: 'docs/findings.md',
  }),
  word('overcommitment', 'giving guests more memory together than the machine has', {
    definedBy: `${WALDSPURGER}, section 1`,
  }),
  word(
    'content number',
    'what a page is said to hold: equal numbers are equal bytes. Opportunity is counted from them, not from hashes',
    {
      aliases: ['tag'],
      definedBy: 'src/guest/contents.ts',
    },
  ),
  word(
    'digest',
    "32 bits over a page's bytes, kept by its guest at each store; at the end all pages are checked against it",
    {
      definedBy: 'src/guest/verify.ts',
    },
  ),
  word('pass', "one visit to every present page of all VMs; KSM's full scan", {
    aliases: ['full scan', 'scan pass'],
    kernel: ['full_scans (/sys/kernel/mm/ksm, counts them)'],
    definedBy: 'src/sharing/pass-order.ts',
  }),
  word('capture', 'of what could be saved (the opportunity), what is', { definedBy: 'docs/findings.md' }),
  word(
    'churn',
    'contents that change: stores that make equal pages different, or move equal contents elsewhere',
    {
      definedBy: 'docs/findings.md',
    },
  ),
  word(
    'starvation',
    'a scanner that is kept from a processor and falls behind its rate; see starved and scan waits',
    {
      aliases: ['starvation of the scanner'],
      definedBy: 'docs/findings.md',
    },
  ),
  word(
    'scenario time',
    'seconds as the scenario file counts them: wall seconds of the run times scale.time',
    {
      aliases: ['scenario seconds'],
      definedBy: SCENARIOS,
    },
  ),
  word(
    'full size',
    'as the scenario gives it, before scale; fullSize in summary.json is memory times scale.memory',
    {
      aliases: ['fullSize'],
      definedBy: SCENARIOS,
    },
  ),
  word(
    'settled',
    'a warm-up is over when all finite activities are done and a whole pass begun after that merged less than one page in a thousand',
    {
      definedBy: 'src/experiment/phases.ts',
    },
  ),
  word(
    'virtual time',
    'of engine stepped: a microsecond for each operation, on as many processors as host.processors says; it measures nothing',
    {
      aliases: ['virtual clock', 'stepped engine'],
      definedBy: SCENARIOS,
    },
  ),
  word('open loop', 'operations are due at a rate, whatever the machine can do (rate, over)', {
    definedBy: SCENARIOS,
  }),
  word('closed loop', 'each thread thinks after its operation, and then does the next (threads, think)', {
    definedBy: SCENARIOS,
  }),
  word('image', 'what the pages of a guest hold once it has booted', { definedBy: SCENARIOS }),
  word('common', 'image class: the k-th common page of every guest of an os is the same', {
    aliases: ['class: common'],
    definedBy: SCENARIOS,
  }),
  word('duplicated', 'image class: each content several times (copies) within its guest', {
    aliases: ['class: duplicated'],
    definedBy: SCENARIOS,
  }),
  word('class: zero', 'image class: pages of zeros', { definedBy: SCENARIOS }),
  word('factor', 'what a study varies: a setting, or several together, over levels', { definedBy: STUDIES }),
  word('level', 'one of the values that a factor has in a study', { definedBy: STUDIES }),
  word('cell', 'one combination of levels; a study runs all of them', { definedBy: STUDIES }),
  word('replicate', 'one run of each cell, all with the same seed: a block of the study', {
    aliases: ['block'],
    definedBy: STUDIES,
  }),
  word('response', 'a figure of summary.json that a study asks about, such as phases.busy.captureRatio', {
    definedBy: STUDIES,
  }),
  word('main effect', "what a factor alone explains of a response's variance", { definedBy: STUDIES }),
  word(
    'interaction',
    'what two factors explain together beyond what each explains: the effect of one depends on the other',
    {
      definedBy: STUDIES,
    },
  ),
  word(
    'ω²',
    "omega squared: the share of a response's variance that a factor explains, without the upward bias of η²; below 0 it is shown as 0",
    {
      aliases: ['omega squared', 'omega2'],
      definedBy: STUDIES,
    },
  ),
  word(
    'η²',
    'eta squared: the share of the sum of squares; the shares of a study add up to 100 %. Biased upwards where replicates are few',
    {
      aliases: ['eta squared', 'eta2'],
      definedBy: STUDIES,
    },
  ),
  word(
    '95 % interval',
    'holds the true value in about 95 of 100 such studies or comparisons; by bootstrap over replicates',
    {
      aliases: ['confidence interval', 'interval'],
      definedBy: STUDIES,
    },
  ),
  word(
    'paired',
    'comparison of runs that have the same seeds: what the seed does to both alike cancels out',
    {
      definedBy: 'docs/compare.md',
    },
  ),
]
