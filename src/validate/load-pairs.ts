/** Scenarios for both backends: each loaded twice, and whatever keeps one from being compared found before any runs. */
import { UserError } from '../errors.js'
import { VALIDATION_FILES } from '../report/validation-report.js'
import { UINT32_MAX } from '../scenario/limits.js'
import {
  givesConfigHz,
  type LoadedScenario,
  type LoadOptions,
  loadScenario,
  shippedScenarios,
} from '../scenario/load.js'
import type { KsmPlan } from '../scenario/plan.js'
import { CONFIG_HZ_VALUES } from '../scenario/schema-scanner.js'

/** Names of the shipped scenarios that are validated when none is named. */
const SHIPPED_PREFIX = 'validate-'

/** Of the report: no scenario's results can lie in a directory called so. */
const TAKEN: readonly string[] = Object.values(VALIDATION_FILES)

/** One scenario, for each of the two. */
export interface ScenarioPair {
  name: string
  lab: LoadedScenario
  kernel: LoadedScenario
  /** What a reader of the comparison must know, a line each. */
  messages: string[]
}

export interface LoadPairsOptions extends Pick<LoadOptions, 'seed'> {
  set?: readonly string[] | undefined
  /** How many runs there will be on each backend. */
  replicates: number
  /** Of the kernel, null if it does not tell: the lab's too, unless the scenario gives its own. */
  CONFIG_HZ: number | null
}

/**
 * @param names of shipped scenarios, or paths; none: those that ship for this
 * @throws UserError that names the scenario
 */
export function loadPairs(names: readonly string[], options: LoadPairsOptions): ScenarioPair[] {
  const pairs = (names.length > 0 ? names : shippedForThis()).map((name) => loadPair(name, options))
  for (const [index, { name, lab }] of pairs.entries()) {
    // Their results would lie in the same directory.
    if (pairs.findIndex((pair) => pair.name === name) !== index) {
      throw new UserError(`a scenario before is called ${name} too; names are unique`, { file: lab.file })
    }
  }
  return pairs
}

function shippedForThis(): string[] {
  return shippedScenarios().flatMap(({ name }) => (name.startsWith(SHIPPED_PREFIX) ? [name] : []))
}

function loadPair(nameOrPath: string, options: LoadPairsOptions): ScenarioPair {
  const lab = loadFor('lab', nameOrPath, options)
  const { name, file, plan } = lab
  if (TAKEN.includes(name)) {
    throw new UserError(
      `makes a scenario called ${name}, as a file of the report is; expected another name`,
      { file },
    )
  }
  if (plan.scanner.policy !== 'ksm') {
    const message = `the kernel knows KSM alone: expected ksm, got ${plan.scanner.policy}`
    throw new UserError(message, { file, key: 'scanner.policy' })
  }
  if (plan.engine !== 'threads') {
    const message = `the kernel runs in real time: expected threads, got ${plan.engine}`
    throw new UserError(message, { file, key: 'engine' })
  }
  if (plan.seed + options.replicates - 1 > UINT32_MAX) {
    const message = `each of ${options.replicates} replicates has the next seed, up to ${UINT32_MAX}: got ${plan.seed}`
    throw new UserError(message, { file, key: 'seed' })
  }
  const ticking = withTicks(nameOrPath, plan.scanner, options)
  const kernel = loadFor('linux-ksm', nameOrPath, ticking)
  if (ticking === options) return { name, lab, kernel, messages: differentTicks(name, plan.scanner, options) }
  return { name, lab: loadFor('lab', nameOrPath, ticking), kernel, messages: [] }
}

type Ticks = Pick<KsmPlan, 'CONFIG_HZ'>

/** @returns the options themselves where the lab's ticks, given or by default, are to stay */
function withTicks(nameOrPath: string, lab: Ticks, options: LoadPairsOptions): LoadPairsOptions {
  const { CONFIG_HZ, set = [] } = options
  const isPossible = CONFIG_HZ_VALUES.some((value) => value === CONFIG_HZ)
  if (!isPossible || CONFIG_HZ === lab.CONFIG_HZ || givesConfigHz(nameOrPath, options)) return options
  return { ...options, set: [...set, `scanner.CONFIG_HZ=${CONFIG_HZ}`] }
}

function differentTicks(name: string, lab: Ticks, { CONFIG_HZ }: LoadPairsOptions): string[] {
  if (CONFIG_HZ === null || CONFIG_HZ === lab.CONFIG_HZ) return []
  return [
    `${name}: the kernel has ${CONFIG_HZ} ticks a second, the lab ${lab.CONFIG_HZ} (scanner.CONFIG_HZ): it sleeps to other ticks`,
  ]
}

function loadFor(
  backend: LoadedScenario['plan']['backend'],
  nameOrPath: string,
  { set = [], seed }: LoadPairsOptions,
): LoadedScenario {
  try {
    return loadScenario(nameOrPath, { set: [...set, `backend=${backend}`], seed })
  } catch (error) {
    // A mistake in what is set shows in those scenarios alone that it doesn't fit.
    const isOfCommandLine = error instanceof UserError && error.place.file?.startsWith('--') === true
    throw isOfCommandLine ? new UserError(`${nameOrPath}: ${error.message}`) : error
  }
}
