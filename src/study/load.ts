/**
 * Loads a study: finds the file, parses it, validates it, and resolves the scenario of every cell, so that a mistake
 * shows before the first run. Of all problems the topmost is thrown, as `FILE:LINE: KEY: what is wrong`.
 */
import { dirname, isAbsolute, resolve } from 'node:path'
import { UserError } from '../errors.js'
import { type LoadedScenario, loadScenario, openFile, type Source, topmost } from '../scenario/load.js'
import { overlap, overrideAt, parseOverride } from '../scenario/overrides.js'
import { type Problem, problemsOf, show } from '../scenario/problems.js'
import { findScenario, isPath, readScenarioText, scenarioName } from '../scenario/scenario-file.js'
import type { KeyPath } from '../scenario/yaml-source.js'
import { amountsOf } from './amounts.js'
import { type Cell, cellsOf } from './design.js'
import { CELLS_MAX, SEED_MAX } from './limits.js'
import { phaseProblem } from './responses.js'
import { studySchema, type WrittenStudy } from './schema.js'
import type { Factor, Response, Settings, Study } from './study.js'

export interface LoadedStudy {
  study: Study
  cells: LoadedCell[]
  /** What is wrong with a response's path, where it stands. */
  pathError: (response: Response, finding: string) => UserError
}

export interface LoadedCell extends Cell {
  /** Its settings, as `--set` takes them. */
  set: string[]
  /** With the scenario's own seed. */
  loaded: LoadedScenario
}

/** @throws UserError for whatever is wrong with the study, or with the scenario of one of its cells. */
export function loadStudy(nameOrPath: string, seed?: number): LoadedStudy {
  const source = openFile(findScenario(nameOrPath, 'study'), 'study', [])
  const study = resolveStudy(nameOrPath, parseStudy(source), source)
  if (seed !== undefined && seed > SEED_MAX) {
    throw new UserError(`expected a whole number from 0 to ${SEED_MAX}, got ${seed}`, { key: '--seed' })
  }
  const cells = cellsOf(study).map((cell) => loadCell(cell, study, source))
  checkPhases(study, cells, source)
  return {
    study: seed === undefined ? study : { ...study, seed },
    cells,
    pathError: ({ name }, message) => topmost([{ path: ['responses', name, 'path'], message }], source),
  }
}

/** The key that every study has, and no scenario; of a file in JSON on a line of its own, or on the first. */
const FACTORS_KEY = /^(?:\{\s*|\s*")?["']?factors["']?\s*:/m

/**
 * Whether a word that `twinpage check` was given means a study: by its name, or by what the file holds. It is not parsed for
 * that: a hostile text can use up the memory if it is parsed twice.
 */
export function isStudy(nameOrPath: string): boolean {
  try {
    return FACTORS_KEY.test(readScenarioText(findScenario(nameOrPath, 'study'), 'study'))
  } catch (error) {
    // It is then for the loader of scenarios to say what is wrong with it.
    if (error instanceof UserError) return false
    throw error
  }
}

function parseStudy(source: Source): WrittenStudy {
  const root = source.yaml.value
  if (root === null || typeof root !== 'object' || Array.isArray(root)) {
    const given = root === null ? 'is empty' : `is ${show(root)}`
    const { file, yaml } = source
    throw new UserError(`${given}; expected a study: a mapping of scenario, factors and responses`, {
      file,
      line: yaml.positionOf([]).line,
    })
  }
  const parsed = studySchema.safeParse(root)
  if (!parsed.success) throw topmost(problemsOf(parsed.error), source)
  return parsed.data
}

function resolveStudy(given: string, written: WrittenStudy, source: Source): Study {
  const study: Study = {
    ...written,
    name: scenarioName(source.file, 'study'),
    given,
    factors: Object.entries(written.factors).map(([name, factor]) => factorOf(name, factor)),
    responses: Object.entries(written.responses).map(
      ([name, { path, label, unit }]): Response => ({ name, path, label: label ?? name, unit }),
    ),
  }
  const problems = problemsTogether(study)
  if (problems.length > 0) throw topmost(problems, source)
  return study
}

function factorOf(name: string, { unit, key, levels }: WrittenStudy['factors'][string]): Factor {
  const resolved = Array.isArray(levels) ? valueLevels(name, key!, levels) : namedLevels(name, levels)
  return { name, unit, levels: resolved, amounts: amountsOf(resolved.map((level) => level.name)) }
}

function valueLevels(
  factor: string,
  key: string,
  values: readonly (string | number | boolean)[],
): Factor['levels'] {
  return values.map((value, index) => ({
    name: String(value),
    settings: { [key]: value },
    pathOf: () => ['factors', factor, 'levels', index],
  }))
}

function namedLevels(factor: string, levels: Record<string, Settings>): Factor['levels'] {
  return Object.entries(levels).map(([name, settings]) => ({
    name,
    settings,
    pathOf: (key) => ['factors', factor, 'levels', name, key],
  }))
}

/** What no key shows alone. */
function problemsTogether({ factors, set, responses }: Study): Problem[] {
  const cells = factors.reduce((product, { levels }) => product * levels.length, 1)
  const tooMany =
    cells > CELLS_MAX
      ? [{ path: ['factors'], message: `make ${cells} cells; at most ${CELLS_MAX} are run` }]
      : []
  const ofSet = Object.keys(set).flatMap((key) => keyProblem(key, ['set', key]))
  const ofFactors = factors.flatMap((factor, index) => [
    ...factor.levels.flatMap((level, place) => {
      const isTwice = factor.levels.findIndex(({ name }) => name === level.name) < place
      return isTwice
        ? [{ path: level.pathOf(''), message: `the level ${show(level.name)} is there twice` }]
        : []
    }),
    ...factor.levels.flatMap((level) =>
      Object.keys(level.settings).flatMap((key) => keyProblem(key, level.pathOf(key))),
    ),
    ...factors.slice(0, index).flatMap((before) => overlapProblems(factor, before)),
  ])
  const columns = [
    'run',
    'replicate',
    'seed',
    'state',
    'seconds',
    'directory',
    ...factors.map(({ name }) => name),
  ]
  const taken = (kind: string, names: readonly string[], others: readonly string[]) =>
    names
      .filter((name) => others.includes(name))
      .map((name) => ({
        path: [kind, name],
        message: 'a column of runs.csv is called so already; expected another name',
      }))
  return [
    ...tooMany,
    ...ofSet,
    ...ofFactors,
    ...taken('factors', columns.slice(6), columns.slice(0, 6)),
    ...taken(
      'responses',
      responses.map(({ name }) => name),
      columns,
    ),
  ]
}

function keyProblem(key: string, path: KeyPath): Problem[] {
  if (key === 'seed') return [{ path, message: 'each replicate has a seed of its own; leave this out' }]
  if (key.includes('=')) return [{ path, message: `expected a key such as host.memory, got ${show(key)}` }]
  try {
    parseOverride({ key, value: '' })
    return []
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return [{ path, message: error.finding }]
  }
}

/** Of two factors that set the same, the later one would undo what the earlier does. */
function overlapProblems(factor: Factor, before: Factor): Problem[] {
  const keysBefore = before.levels.flatMap(({ settings }) => Object.keys(settings))
  return factor.levels.flatMap(({ settings, pathOf }) =>
    Object.keys(settings).flatMap((key) => {
      const other = keysBefore.find((keyBefore) => overlap(key.split('.'), keyBefore.split('.')))
      if (other === undefined) return []
      const message = `factor ${before.name} sets ${show(other)} already; a key belongs to one factor`
      return [{ path: pathOf(key), message }]
    }),
  )
}

/** A setting of a cell, and where it stands in the study. */
interface PlacedSetting {
  key: string
  value: unknown
  path: KeyPath
}

function loadCell(cell: Cell, study: Study, source: Source): LoadedCell {
  const placed = settingsOf(cell, study, dirname(source.file))
  const set = placed.map(({ key, value }) => `${key}=${JSON.stringify(value)}`)
  try {
    return { ...cell, set, loaded: loadScenario(seenFrom(dirname(source.file), study.scenario), { set }) }
  } catch (error) {
    throw error instanceof UserError ? inCell(error, cell, placed, source) : error
  }
}

function seenFrom(directory: string, nameOrPath: string): string {
  return isPath(nameOrPath) && !isAbsolute(nameOrPath) ? `${directory}/${nameOrPath}` : nameOrPath
}

/** Those for all runs first: a factor's level replaces them. */
function settingsOf({ levels }: Cell, { set, factors }: Study, directory: string): PlacedSetting[] {
  const ofAll = Object.entries(set).map(([key, value]) => ({ key, value, path: ['set', key] }))
  const ofLevels = factors.flatMap((factor, index) => {
    const { settings, pathOf } = factor.levels[levels[index]!]!
    return Object.entries(settings).map(([key, value]) => ({ key, value, path: pathOf(key) }))
  })
  return [...ofAll, ...ofLevels].map((setting) =>
    // What a command line names is seen from where it was typed; what this file names, from where it lies.
    setting.key === 'trace' && typeof setting.value === 'string'
      ? { ...setting, value: resolve(directory, setting.value) }
      : setting,
  )
}

/** The problem of a cell's scenario, at the setting of the study that it comes from, if it comes from one. */
function inCell(
  { finding, place }: UserError,
  { name }: Cell,
  placed: readonly PlacedSetting[],
  source: Source,
): UserError {
  if (place.file === undefined) return topmost([{ path: ['scenario'], message: finding }], source)
  const overrides = placed.map(({ key }) => parseOverride({ key, value: '' }))
  const override =
    place.file === '--set' ? overrideAt(place.key?.split('.') ?? [], false, overrides) : undefined
  const setting = override && placed[overrides.indexOf(override)]
  const isItself = setting?.path.at(-1) === place.key
  const at = [setting === undefined ? place.file : [], place.line ?? [], isItself ? [] : (place.key ?? [])]
  const message = `${at.flat().join(': ')}${at.flat().length > 0 ? ': ' : ''}${finding} (cell ${name})`
  return topmost([{ path: setting?.path ?? ['scenario'], message }], source)
}

/** A phase that a response names must be one of every cell's scenario. */
function checkPhases({ responses }: Study, cells: readonly LoadedCell[], source: Source): void {
  const problems = responses.flatMap((response) =>
    cells.flatMap(({ name, loaded }) => {
      const phases = loaded.plan.phases.map((phase) => phase.name)
      const message = phaseProblem(response.path, phases)
      if (message === undefined) return []
      return [{ path: ['responses', response.name, 'path'], message: `${message} (cell ${name})` }]
    }),
  )
  if (problems.length > 0) throw topmost(problems, source)
}
