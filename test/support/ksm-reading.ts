/** A reading of a host's KSM that says what a test needs, and otherwise that nothing happens. */
import type { KsmReading } from '../../src/linux/ksm-reading.js'

type Reading = Omit<KsmReading, 'counters' | 'events' | 'settings'>

export interface SaidOfKsm extends Partial<Reading> {
  counters?: Partial<KsmReading['counters']>
  events?: Partial<KsmReading['events']>
  settings?: Partial<KsmReading['settings']>
}

export function ksmReading({ counters, events, settings, ...others }: SaidOfKsm = {}): KsmReading {
  return {
    at: new Date(0),
    monotonicMs: 0,
    counters: {
      pages_shared: 0,
      pages_sharing: 0,
      pages_unshared: 0,
      pages_volatile: 0,
      pages_scanned: 0,
      pages_skipped: 0,
      full_scans: 0,
      ksm_zero_pages: 0,
      stable_node_chains: 0,
      stable_node_dups: 0,
      general_profit: 0,
      ...counters,
    },
    events: { cow_ksm: 0, ksm_swpin_copy: 0, ...events },
    settings: { run: 1, pages_to_scan: 100, sleep_millisecs: 20, ...settings },
    ksmd: { cpuNs: 0, waitingNs: 0 },
    processes: [],
    unreadable: 0,
    ...others,
  }
}

type Process = KsmReading['processes'][number]

export function ksmProcess(process: Partial<Process>): Process {
  return {
    pid: 1,
    comm: 'qemu',
    ksm_rmap_items: 0,
    ksm_zero_pages: 0,
    ksm_merging_pages: 0,
    ksm_process_profit: 0,
    ksm_merge_any: false,
    ksm_mergeable: true,
    ...process,
  }
}
