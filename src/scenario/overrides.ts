/**
 * `--set guests.0.memory=64MiB`: values from the command line that replace those of the scenario file.
 * `guests.*.memory` means that of every item of the list.
 */
import { UserError } from '../errors.js'
import { nearest } from './nearest.js'
import { show, showPath } from './problems.js'
import { bothScales } from './schema.js'
import { type KeyPath, parseYaml, YamlError } from './yaml-source.js'

/** The step of a key path that means each item of a list. */
const EVERY_ITEM = '*'

/** A key path with dots and list indices, and a value in YAML. */
export interface Override {
  key: string
  value: string
}

/** An override ready to apply, with the command-line option that gave it. */
export interface ParsedOverride {
  option: '--set' | '--seed'
  path: KeyPath
  value: unknown
}

/** @throws UserError where text isn't KEY=VALUE, or the value isn't YAML. */
export function parseOverride(override: Override | string): ParsedOverride {
  const { key, value } = typeof override === 'string' ? splitOverride(override) : override
  const path = key.split('.')
  if (path.includes('') || path.includes('__proto__')) {
    throw new UserError(`expected a key such as host.memory, got ${show(key)}`, { file: '--set' })
  }
  return { option: '--set', path, value: parseValue(path, value) }
}

function splitOverride(text: string): Override {
  const equals = text.indexOf('=')
  if (equals < 1) {
    throw new UserError(`expected KEY=VALUE such as host.memory=8GiB, got ${show(text)}`, { file: '--set' })
  }
  return { key: text.slice(0, equals), value: text.slice(equals + 1) }
}

function parseValue(path: KeyPath, value: string): unknown {
  try {
    return parseYaml(value).value
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    throw new UserError(error.message, { file: '--set', key: showPath(path) })
  }
}

/** The scenario's value with the overrides applied in turn. Nothing of `scenario` itself changes. */
export function applyOverrides(scenario: unknown, overrides: readonly ParsedOverride[]): unknown {
  return overrides.reduce((value, override) => replaced(value, override, 0), scenario)
}

/** Copies what it changes: with anchors, several keys of a YAML value may be one and the same object. */
function replaced(value: unknown, override: ParsedOverride, depth: number): unknown {
  const step = override.path[depth]
  if (step === undefined) return override.value
  if (Array.isArray(value)) {
    const isMeant = (_: unknown, index: number) => step === EVERY_ITEM || index === Number(step)
    const isStep = step === EVERY_ITEM || isIndex(step)
    if (!isStep || !value.some(isMeant)) {
      const range = value.length === 0 ? 'is empty' : `has items 0 to ${value.length - 1}`
      throw wrongPath(override, depth, `got ${show(step)}, but the list ${range}${itemMeant(step, value)}`)
    }
    return value.map((item, index) => (isMeant(item, index) ? replaced(item, override, depth + 1) : item))
  }
  // The one number that is short for a mapping: the key that is not replaced keeps it.
  if (typeof value === 'number' && depth === 1 && override.path[0] === 'scale')
    return replaced(bothScales(value), override, depth)
  if (value !== null && value !== undefined && typeof value !== 'object') {
    throw wrongPath(override, depth, `has no keys below it, since it is ${show(value)}`)
  }
  const mapping = (value ?? {}) as Record<string, unknown>
  const inner = Object.hasOwn(mapping, step) ? mapping[step] : undefined
  return { ...mapping, [step]: replaced(inner, override, depth + 1) }
}

/** `, did you mean 2 (benchmark)?`, where the items have names, as guests and phases do. */
function itemMeant(step: string | number, items: readonly unknown[]): string {
  const names = items.map((item) => String((item as { name?: unknown } | null)?.name ?? ''))
  const meant = names.indexOf(nearest(String(step), names) ?? '')
  return names[meant] ? `, did you mean ${meant} (${names[meant]})?` : ''
}

function wrongPath({ option, path }: ParsedOverride, depth: number, message: string): UserError {
  return new UserError(message, { file: option, key: showPath(path.slice(0, depth)) })
}

/**
 * The override that a problem at `path` came from: it gave the value there, or one around it.
 * @param inFile whether the file has that key; if not, an override of something below made it.
 */
export function overrideAt(
  path: KeyPath,
  inFile: boolean,
  overrides: readonly ParsedOverride[],
): ParsedOverride | undefined {
  return overrides.findLast(
    (override) => startsWith(path, override.path) || (!inFile && startsWith(override.path, path)),
  )
}

/** Whether one of two overrides replaces something of what the other one does. */
export function overlap(one: KeyPath, other: KeyPath): boolean {
  return startsWith(one, other) || startsWith(other, one)
}

function startsWith(path: KeyPath, start: KeyPath): boolean {
  return start.every((step, depth) => depth < path.length && isSameStep(step, path[depth]!))
}

function isSameStep(one: string | number, other: string | number): boolean {
  if (one === EVERY_ITEM) return other === EVERY_ITEM || isIndex(other)
  return String(one) === String(other) || (other === EVERY_ITEM && isIndex(one))
}

function isIndex(step: string | number): boolean {
  return /^\d+$/.test(String(step))
}
