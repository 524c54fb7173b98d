/**
 * The keys of a scenario as entries: meaning, what is allowed and the default come from the schema itself. Only what the schema
 * can't know is here: units of plain numbers, other systems' names, and where a key comes back in summary.json.
 */
import type { z } from 'zod'
import { scenarioSchema } from '../scenario/schema.js'
import type { Entry } from './entry.js'

type Origin = Partial<Pick<Entry, 'unit' | 'kernel' | 'vmware' | 'fields' | 'definedBy'>>

const KSM_RST = 'mm/ksm.c; Documentation/admin-guide/mm/ksm.rst'
const ESX = 'vSphere Resource Management, Advanced Memory Attributes'

function ksm(name: string, unit?: string): Origin {
  return { kernel: [`${name} (/sys/kernel/mm/ksm)`], definedBy: KSM_RST, ...(unit !== undefined && { unit }) }
}

function esx(name: string, unit?: string): Origin {
  return { vmware: [`Mem.${name}`], definedBy: ESX, ...(unit !== undefined && { unit }) }
}

const ORIGINS: Readonly<Record<string, Origin>> = {
  seed: { fields: ['seed'] },
  engine: { fields: ['engine'], definedBy: 'docs/architecture.md' },
  backend: { fields: ['backend'], definedBy: 'docs/linux-ksm.md' },
  scale: { unit: 'divisor', fields: ['scale.memory', 'scale.time'] },
  'scale.memory': { unit: 'divisor', fields: ['scale.memory'] },
  'scale.time': { unit: 'divisor', fields: ['scale.time'] },
  trace: { definedBy: 'docs/trace-format.md' },
  demand: { unit: 'part of a processor' },
  'host.processors': { kernel: ['affinity (sched_setaffinity(2))'] },
  'host.GHz': { unit: 'GHz' },
  'host.swap.startFreePercent': {
    unit: '% of machine memory',
    vmware: ['memory state (esxtop: high, soft, hard, low)'],
  },
  'host.swap.stopFreePercent': { unit: '% of machine memory' },
  'guests[].salt': { vmware: ['sched.mem.pshare.salt (of a VM)'], definedBy: ESX },
  'guests[].share': {
    kernel: ['MADV_MERGEABLE (madvise(2))'],
    vmware: ['sched.mem.pshare.enable (of a VM)'],
    definedBy: ESX,
  },
  'guests[].image[].copies': { unit: 'pages' },
  'guests[].workload.<phase>[].words': { unit: '32-bit words' },
  'guests[].workload.<phase>[].pages': { unit: 'pages' },
  'guests[].workload.<phase>[].fraction': { unit: 'part of the time' },
  'guests[].demand': { unit: 'part of a processor' },
  'guests[].processors': { kernel: ['affinity (sched_setaffinity(2))'] },
  'scanner.policy': { fields: ['policy'] },
  'scanner.ShareScanTime': esx('ShareScanTime'),
  'scanner.ShareScanGHz': esx('ShareScanGHz', 'MB/s per GHz'),
  'scanner.ShareRateMax': { vmware: ['Mem.ShareRateMax'], unit: 'pages/s of a VM' },
  'scanner.ShareForceSalting': esx('ShareForceSalting'),
  'scanner.run': ksm('run'),
  'scanner.pages_to_scan': ksm('pages_to_scan', 'pages'),
  'scanner.sleep_millisecs': ksm('sleep_millisecs', 'ms'),
  'scanner.use_zero_pages': ksm('use_zero_pages'),
  'scanner.smart_scan': ksm('smart_scan'),
  'scanner.max_page_sharing': ksm('max_page_sharing', 'mappings'),
  'scanner.advisor_mode': ksm('advisor_mode'),
  'scanner.advisor_max_cpu': ksm('advisor_max_cpu', '% of a processor'),
  'scanner.advisor_min_pages_to_scan': ksm('advisor_min_pages_to_scan', 'pages'),
  'scanner.advisor_max_pages_to_scan': ksm('advisor_max_pages_to_scan', 'pages'),
  'scanner.advisor_target_scan_time': ksm('advisor_target_scan_time', 'seconds'),
  'scanner.CONFIG_HZ': { unit: 'ticks/s', kernel: ['CONFIG_HZ'], definedBy: 'kernel/Kconfig.hz' },
  'scanner.nice': { kernel: ['nice (setpriority(2))'] },
  'scanner.class': { kernel: ['scheduling policy (sched_setscheduler(2))'] },
  'scanner.processors': { kernel: ['affinity (sched_setaffinity(2))'] },
}

/** What timeseries.csv and Prometheus have of settings. */
const SHOWN: Readonly<Record<string, Pick<Entry, 'columns' | 'fields' | 'metrics'>>> = {
  'scanner.pages_to_scan': {
    columns: ['ksm.pages_to_scan'],
    fields: ['phases[].ksm.pages_to_scan'],
    metrics: ['twinpage_ksm_batch_pages'],
  },
  'scanner.sleep_millisecs': { metrics: ['twinpage_ksm_sleep_seconds'] },
  'scanner.run': { metrics: ['twinpage_ksm_run'] },
}

/** Settings that a kernel has and a scenario has not; `twinpage top` shows them, and a run puts them back. */
export const KERNEL_SETTINGS: readonly Entry[] = [
  {
    kind: 'setting',
    name: 'merge_across_nodes',
    meaning: '0: pages of different NUMA nodes are not merged. No key of a scenario: the lab has one node',
    allowed: '0 or 1',
    defaultValue: '1',
    ...ksm('merge_across_nodes'),
  },
  {
    kind: 'setting',
    name: 'stable_node_chains_prune_millisecs',
    meaning:
      'time between two searches for stale entries in the chains of max_page_sharing. No key of a scenario',
    defaultValue: '2000',
    ...ksm('stable_node_chains_prune_millisecs', 'ms'),
  },
]

/** Keys of a mapping that holds in one phase only are those of the scanner. */
const PHASE_SCANNER = 'phases[].scanner'

/** In the order of the schema. */
export function scenarioSettings(): Entry[] {
  const entries = new Map<string, Entry>()
  for (const entry of keysOf(scenarioSchema, '')) {
    // Activities have keys of one name and meaning.
    if (!entries.has(entry.name)) entries.set(entry.name, entry)
  }
  return [...entries.values()]
}

/** As much of zod's definitions as the schema is made of. */
interface Definition {
  type: string
  innerType?: z.ZodType
  element?: z.ZodType
  valueType?: z.ZodType
  shape?: Record<string, z.ZodType>
  options?: z.ZodType[]
  discriminator?: string
  in?: z.ZodType
  defaultValue?: unknown
}

function definitionOf(schema: z.ZodType): Definition {
  return schema.def as unknown as Definition
}

/** The schema without what makes it optional: all of these, from outside in. */
function layersOf(schema: z.ZodType): z.ZodType[] {
  const { type, innerType } = definitionOf(schema)
  return type === 'optional' || type === 'prefault' ? [schema, ...layersOf(innerType!)] : [schema]
}

function keysOf(schema: z.ZodType, path: string): Entry[] {
  const inner = layersOf(schema).at(-1)!
  const { type, shape, element, valueType, options, discriminator, in: written } = definitionOf(inner)
  if (type === 'object') return mappingKeys(shape!, path)
  if (type === 'array') return keysOf(element!, `${path}[]`)
  if (type === 'record') return keysOf(valueType!, `${path}.<phase>`)
  if (type === 'pipe') return keysOf(written!, path)
  if (type !== 'union') return []
  if (discriminator === undefined) return options!.flatMap((option) => keysOf(option, path))
  return [
    kindsOf(options!, discriminator, path),
    ...options!.flatMap((option) => optionKeys(option, discriminator, path)),
  ].flat()
}

function mappingKeys(shape: Record<string, z.ZodType>, path: string): Entry[] {
  return Object.entries(shape).flatMap(([key, value]) => {
    const name = path === '' ? key : `${path}.${key}`
    return [entryOf(value, name), ...(name === PHASE_SCANNER ? [] : keysOf(value, name))]
  })
}

/** The key that tells kinds of a mapping apart, and each of its values that the schema describes. */
function kindsOf(options: z.ZodType[], key: string, path: string): Entry[] {
  const values = options.map((option) => ({ option, tags: tagsOf(option, key) }))
  const name = `${path}.${key}`
  const described = values.flatMap(({ option, tags }) =>
    option.description === undefined
      ? []
      : [
          {
            kind: 'setting' as const,
            name: `${key}: ${tags}`,
            aliases: [tags.join()],
            meaning: option.description,
          },
        ],
  )
  const allowed = values.flatMap(({ tags }) => tags).join(', ')
  return [
    {
      kind: 'setting',
      name,
      meaning: `which kind of ${key === 'do' ? 'activity' : 'contents'}`,
      allowed,
      defaultValue: 'required',
    },
    ...described,
  ]
}

function tagsOf(option: z.ZodType, key: string): string[] {
  return [...(definitionOf(option).shape![key] as z.ZodLiteral<string>).values]
}

function optionKeys(option: z.ZodType, tag: string, path: string): Entry[] {
  const { [tag]: _, ...others } = definitionOf(option).shape!
  return mappingKeys(others, path)
}

function entryOf(schema: z.ZodType, name: string): Entry {
  const layers = layersOf(schema)
  const described = layers.find(({ description }) => description !== undefined)?.description ?? ''
  const { meaning, stated } = splitDefault(described)
  const prefault = layers.map((layer) => definitionOf(layer)).find(({ type }) => type === 'prefault')
  const isOptional = layers.length > 1
  const { unit, fields = [], ...origin } = ORIGINS[name] ?? {}
  const { fields: shown = [], ...others } = SHOWN[name] ?? {}
  const allowed = allowedBy(layers.at(-1)!)
  const amount = unit ?? unitOf(allowed)
  return {
    kind: 'setting',
    name,
    ...(name.startsWith('scanner.') && { aliases: [name.replace('scanner', PHASE_SCANNER)] }),
    meaning,
    allowed,
    defaultValue:
      stated ??
      (prefault !== undefined
        ? shownDefault(prefault.defaultValue, layers.at(-1)!)
        : isOptional
          ? 'none'
          : 'required'),
    ...(amount !== undefined && { unit: amount }),
    ...origin,
    ...others,
    fields: [...fields, ...shown],
    definedBy: origin.definedBy ?? 'docs/scenarios.md',
  }
}

/** Descriptions of optional keys end with what holds without them. */
function splitDefault(description: string): { meaning: string; stated: string | undefined } {
  const [, meaning = description, stated] = /^(.*?)[;,] default:? (.*)$/.exec(description) ?? []
  return { meaning: meaning.replace(/^(tps|ksm): /, 'policy $1: '), stated }
}

function shownDefault(value: unknown, schema: z.ZodType): string {
  if (definitionOf(schema).type === 'object') return 'that of each key'
  return typeof value === 'object' ? 'nothing' : value === '' ? 'none' : String(value)
}

/** In the words in which the schema itself refuses what is not allowed. */
function allowedBy(schema: z.ZodType): string {
  if (definitionOf(schema).type === 'object') return 'a mapping'
  const message = schema.safeParse(undefined).error?.issues[0]?.message ?? ''
  return message.replace(/^is missing; expected (a list of |)/, '$1')
}

function unitOf(allowed: string): string | undefined {
  if (allowed.startsWith('a duration')) return 'duration'
  if (allowed.startsWith('a size')) return 'size'
  return allowed.startsWith('a rate') ? 'operations/s' : undefined
}
