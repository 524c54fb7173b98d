/** Figures of memory: how much is shared, saved, and could be. */
import type { Entry } from './entry.js'

const ESXTOP = 'esxtop'

/** Of a figure of memory: its fields in a phase, as scaled and at full size. */
function ofPhase(field: string): string[] {
  return [`phases[].${field}`, `phases[].fullSize.${field}`]
}

export const MEMORY: readonly Entry[] = [
  {
    kind: 'counter',
    name: 'shared',
    meaning: 'guest pages that map a shared frame, whoever else maps it',
    unit: 'pages; in summary.json MiB',
    columns: ['sharedPages', 'sharedPages.<guest>'],
    fields: [...ofPhase('sharedMiB'), 'phases[].guests.<guest>.sharedMiB'],
    top: ['mergedMiB'],
    metrics: ['twinpage_ksm_merged_bytes', 'twinpage_run_shared_bytes', 'twinpage_guest_shared_bytes'],
    kernel: ['pages_shared + pages_sharing (/sys/kernel/mm/ksm)'],
    vmware: [`SHRD (${ESXTOP}, of a VM)`, `PSHARE shared (${ESXTOP}, of the host)`],
    definedBy: 'src/experiment/page-counter.ts; Waldspurger, OSDI 2002, section 4',
  },
  {
    kind: 'counter',
    name: 'shared-common',
    aliases: ['sharedCommon', 'common pages'],
    meaning: 'the machine frames that shared pages map: each content that is shared takes one',
    unit: 'pages; in summary.json MiB',
    columns: ['sharedCommonPages'],
    fields: ofPhase('sharedCommonMiB'),
    top: ['mergedIntoMiB'],
    metrics: ['twinpage_ksm_merged_into_bytes', 'twinpage_run_shared_common_bytes'],
    kernel: ['pages_shared (/sys/kernel/mm/ksm)'],
    vmware: [`PSHARE common (${ESXTOP}, of the host)`],
    definedBy: 'src/experiment/page-counter.ts; Waldspurger, OSDI 2002, section 4',
  },
  {
    kind: 'counter',
    name: 'saved',
    meaning:
      "what sharing saves: shared − shared-common. A guest's part of it: each of its shared pages saves 1 − 1/n of a page, n being how many pages map its frame",
    unit: 'pages; in summary.json MiB',
    columns: ['savedPages', 'savedPages.<guest>'],
    fields: [...ofPhase('savedMiB'), 'phases[].guests.<guest>.savedMiB'],
    top: ['savedMiB'],
    metrics: ['twinpage_ksm_saved_bytes', 'twinpage_run_saved_bytes', 'twinpage_guest_saved_bytes'],
    kernel: ['pages_sharing + ksm_zero_pages (/sys/kernel/mm/ksm)'],
    vmware: [`SHRDSVD (${ESXTOP}, of a VM)`, `PSHARE saving (${ESXTOP}, of the host)`],
    definedBy: 'src/experiment/page-counter.ts; Documentation/admin-guide/mm/ksm.rst',
  },
  {
    kind: 'counter',
    name: 'zero',
    meaning:
      'shared pages that hold only zeros; with backend linux-ksm those that KSM has mapped to the zero page',
    unit: 'pages; in summary.json MiB',
    columns: ['zeroPages', 'zeroPages.<guest>'],
    fields: [...ofPhase('zeroMiB'), 'phases[].guests.<guest>.zeroMiB'],
    top: ['zeroMiB'],
    metrics: ['twinpage_ksm_zero_bytes', 'twinpage_run_zero_bytes', 'twinpage_guest_zero_bytes'],
    kernel: ['ksm_zero_pages (/sys/kernel/mm/ksm, under use_zero_pages)'],
    vmware: [`ZERO (${ESXTOP}, of a VM)`],
    definedBy: 'src/experiment/page-counter.ts',
  },
  {
    kind: 'counter',
    name: 'hints',
    aliases: ['cowHintPages', 'copy-on-write hint'],
    meaning:
      'private pages that are filed in the share table as hints: scanned, not stored to since, matched by none yet; policy tps only',
    unit: 'pages',
    columns: ['cowHintPages.<guest>'],
    vmware: [`COWH (${ESXTOP}, of a VM)`],
    definedBy: 'src/machine/pte.ts; Waldspurger, OSDI 2002, section 4.3',
  },
  {
    kind: 'counter',
    name: 'opportunity',
    meaning:
      'what a perfect, instant scanner would save: present pages − distinct contents. Counted from what guests say they stored, not from hashes',
    unit: 'pages; in summary.json MiB',
    columns: ['opportunityPages'],
    fields: ofPhase('opportunityMiB'),
    metrics: ['twinpage_run_opportunity_bytes'],
    definedBy: 'src/experiment/page-counter.ts',
  },
  {
    kind: 'counter',
    name: 'capture ratio',
    aliases: ['captured'],
    meaning:
      'saved / opportunity: the part of what could be saved that is. Empty (null) when nothing could be saved',
    unit: '0 to 1',
    columns: ['captureRatio'],
    fields: ['phases[].captureRatio'],
    definedBy: 'src/report/summary.ts',
  },
  {
    kind: 'counter',
    name: 'not shared',
    aliases: ['notShared', 'missed capture'],
    meaning:
      'what could be saved and is not: opportunity − saved, by reason. Null under policy ksm, which asks for no rate by the clock',
    unit: 'pages; in summary.json MiB',
    fields: ['phases[].notShared'],
    definedBy: 'src/experiment/not-shared.ts',
  },
  {
    kind: 'counter',
    name: 'broken',
    meaning:
      'pages that were shared at an earlier sample, then stored to, and hold what no other page does now: opportunity that is gone, not missed. Backend lab only, and not for a trace',
    unit: 'pages; in summary.json MiB',
    columns: ['brokenPages'],
    fields: ['phases[].brokenMiB'],
    definedBy: 'src/experiment/page-counter.ts',
  },
  {
    kind: 'counter',
    name: 'footprint',
    meaning: 'machine frames in use, shared ones once',
    unit: 'pages; in summary.json MiB',
    columns: ['footprintPages'],
    fields: ofPhase('footprintMiB'),
    metrics: ['twinpage_run_footprint_bytes'],
    definedBy: 'src/experiment/page-counter.ts',
  },
  {
    kind: 'counter',
    name: 'present',
    meaning: 'guest pages that are backed by a frame, their own or a shared one',
    unit: 'pages; in summary.json MiB',
    columns: ['presentPages'],
    fields: ['phases[].guests.<guest>.presentMiB'],
    vmware: [`GRANT (${ESXTOP}, of a VM)`],
    definedBy: 'src/machine/pte.ts',
  },
  {
    kind: 'counter',
    name: 'swapped',
    meaning: 'guest pages that lie in the swap file',
    unit: 'pages; in summary.json MiB',
    columns: ['swappedPages'],
    fields: [...ofPhase('swappedMiB'), 'phases[].guests.<guest>.swappedMiB'],
    metrics: ['twinpage_run_swapped_bytes', 'twinpage_guest_swapped_bytes'],
    vmware: [`SWCUR (${ESXTOP}, of a VM)`],
    definedBy: 'src/machine/swap.ts',
  },
  {
    kind: 'counter',
    name: 'metadata',
    meaning:
      'what the lab keeps for each guest page beside its frame: PTE, tag, digest, frame table, share table',
    unit: 'bytes for each page',
    fields: ['memory.metadataBytesPerPage'],
    definedBy: 'docs/architecture.md; Waldspurger, OSDI 2002, section 4.3',
  },
]
