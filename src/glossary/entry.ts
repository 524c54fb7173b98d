/** What an entry of the glossary is. Entries are data: `twinpage explain` and the tables in docs/ are made from them. */

export const KINDS = ['counter', 'reason', 'setting', 'word'] as const
export type Kind = (typeof KINDS)[number]

/** What is counted, chosen or called so, with all names that it goes by. */
export interface Entry {
  readonly kind: Kind
  readonly name: string
  /** Other names by which it is looked up. */
  readonly aliases?: readonly string[]
  readonly meaning: string
  /** Counters, and settings that are amounts. */
  readonly unit?: string
  /** Settings: what may stand there, and what holds if nothing does. */
  readonly allowed?: string
  readonly defaultValue?: string
  /** Columns of timeseries.csv. `<guest>` and the like stand for a name. */
  readonly columns?: readonly string[]
  /** Fields of summary.json. `[]` is an item of a list; `<guest>` and the like stand for a name. */
  readonly fields?: readonly string[]
  /** Fields of `twinpage top --json`. */
  readonly top?: readonly string[]
  /** Prometheus metrics of `twinpage top` and, from a run's live page, of /metrics. */
  readonly metrics?: readonly string[]
  /** What the Linux kernel calls it: a name, and in brackets where it has it. */
  readonly kernel?: readonly string[]
  /** What VMware calls it: a name, and in brackets where it has it. */
  readonly vmware?: readonly string[]
  /** The file of the source, the kernel's file or the paper that defines it. */
  readonly definedBy?: string
}

/** All names of an entry, its own first. */
export function namesOf(entry: Entry): string[] {
  const {
    name,
    aliases = [],
    columns = [],
    fields = [],
    top = [],
    metrics = [],
    kernel = [],
    vmware = [],
  } = entry
  const elsewhere = [...kernel, ...vmware].map((text) => text.replace(/ \(.*/, ''))
  return [name, ...aliases, ...columns, ...fields, ...top, ...metrics, ...elsewhere]
}
