/**
 * Loads a scenario: finds the file, parses it, applies what the command line sets, validates, and makes the plan.
 *
 * Checks come in three stages: well-formed YAML, the shape of each key (the schema), and what keys mean together
 * (the plan). Of all problems of a stage the topmost is thrown, as `FILE:LINE: KEY: what is wrong; what is allowed`.
 */
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { type Place, UserError } from '../errors.js'
import { readTrace } from '../guest/trace.js'
import { applyOverrides, type Override, overrideAt, type ParsedOverride, parseOverride } from './overrides.js'
import type { Plan } from './plan.js'
import { planOf, type TraceFacts } from './plan-of.js'
import {
  isMisspelling,
  mappingsWithUnknownKeys,
  type Problem,
  problemsOf,
  show,
  showPath,
} from './problems.js'
import { type FileKind, findScenario, readScenarioText, scenarioName, shippedFiles } from './scenario-file.js'
import { type Scenario, scenarioSchema } from './schema.js'
import { parseYaml, YamlError, type YamlSource } from './yaml-source.js'

export type { Override } from './overrides.js'

export interface LoadedScenario {
  name: string
  /** The path as it was given; absolute for a scenario that ships. */
  file: string
  /** Bytes and seconds at full size; `trace` is an absolute path. */
  scenario: Scenario
  plan: Plan
}

export interface LoadOptions {
  /** Values that replace those of the file, in turn: `guests.0.memory=64MiB`. */
  set?: readonly Override[] | readonly string[] | undefined
  /** Replaces the scenario's seed. */
  seed?: number | undefined
}

/** A file's text with everything that changes it or tells where in it something is. */
export interface Source {
  file: string
  yaml: YamlSource
  overrides: readonly ParsedOverride[]
}

/**
 * @param nameOrPath the name of a scenario that ships, or a path (with a / or ending in .yaml or .yml).
 * @throws UserError for whatever is wrong with it, in one line.
 */
export function loadScenario(nameOrPath: string, options: LoadOptions = {}): LoadedScenario {
  const source = openSource(nameOrPath, overridesOf(options))
  const scenario = withTracePath(parseScenario(source), source)
  const trace = scenario.trace === undefined ? undefined : readTraceFacts(scenario.trace, source)
  const name = scenarioName(source.file)
  const problems: Problem[] = []
  const plan = planOf({ name, scenario, trace }, (path, message) => problems.push({ path, message }))
  if (problems.length > 0) throw topmost(problems, source)
  return { name, file: source.file, scenario, plan }
}

/** Whether a scenario that loads gives `scanner.CONFIG_HZ`, in its file or by what is set, and not by default. */
export function givesConfigHz(nameOrPath: string, options: LoadOptions = {}): boolean {
  const { yaml, overrides } = openSource(nameOrPath, overridesOf(options))
  const { scanner } = applyOverrides(yaml.value, overrides) as z.input<typeof scenarioSchema>
  return scanner?.CONFIG_HZ !== undefined
}

/** The scenarios that ship with twinpage, in order of their names. */
export function shippedScenarios(): { name: string; file: string; description: string }[] {
  return shippedFiles().map((file) => {
    const { description } = parseScenario(openSource(file, []))
    return { name: scenarioName(file), file, description }
  })
}

/** Every option with its unit, whether set or by default; as a YAML file it is the same scenario again. */
export function resolvedScenario({
  scenario,
}: Pick<LoadedScenario, 'scenario'>): z.input<typeof scenarioSchema> {
  return z.encode(scenarioSchema, scenario)
}

function overridesOf({ set = [], seed }: LoadOptions): ParsedOverride[] {
  const overrides = set.map(parseOverride)
  return seed === undefined ? overrides : [...overrides, { option: '--seed', path: ['seed'], value: seed }]
}

function openSource(nameOrPath: string, overrides: readonly ParsedOverride[]): Source {
  return openFile(findScenario(nameOrPath), 'scenario', overrides)
}

/** Reads and parses a file, and checks no more than that it is YAML. */
export function openFile(file: string, kind: FileKind, overrides: readonly ParsedOverride[]): Source {
  const text = readScenarioText(file, kind)
  try {
    return { file, yaml: parseYaml(text), overrides }
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    throw new UserError(error.message, { file, line: error.line, key: showPath(error.path) })
  }
}

function parseScenario({ file, yaml, overrides }: Source): Scenario {
  const root = yaml.value
  if (root === null || typeof root !== 'object' || Array.isArray(root)) {
    const given = root === null ? 'is empty' : `is ${show(root)}`
    const { line } = yaml.positionOf([])
    throw new UserError(`${given}; expected a scenario: a mapping of host, phases, guests and so on`, {
      file,
      line,
    })
  }
  const parsed = scenarioSchema.safeParse(applyOverrides(root, overrides))
  if (!parsed.success) throw topmost(problemsOf(parsed.error), { file, yaml, overrides })
  return parsed.data as Scenario
}

/** A trace lies beside the scenario that names it; one named on the command line is seen from where that was typed. */
function withTracePath(scenario: Scenario, { file, overrides }: Source): Scenario {
  if (scenario.trace === undefined) return scenario
  const set = overrideAt(['trace'], true, overrides) !== undefined
  return { ...scenario, trace: resolve(set ? '.' : dirname(file), scenario.trace) }
}

/** Reads all of the trace, so that a truncated one is found now and not in the middle of a run. */
function readTraceFacts(trace: string, source: Source): TraceFacts {
  try {
    return readTrace(trace)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw topmost([{ path: ['trace'], message: error.message }], source)
  }
}

/** The problem that comes first: those of the command line, then by line. A misspelt key is not missing too. */
export function topmost(problems: readonly Problem[], { file, yaml, overrides }: Source): UserError {
  const mappings = mappingsWithUnknownKeys(problems)
  const placed = problems.flatMap(({ path, message }) => {
    const { offset, line, found } = yaml.positionOf(path)
    const override = overrideAt(path, found, overrides)
    if (isMisspelling(path, !found && !override, mappings)) return []
    const place: Place = override ? { file: override.option } : { file, line }
    return [{ path, message, place, order: override ? -1 : offset }]
  })
  const { path, message, place } = placed.reduce((first, next) => (next.order < first.order ? next : first))
  return new UserError(message, { ...place, key: showPath(path) })
}
