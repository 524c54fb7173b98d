/** `--set guests.0.mem` completed: by the schema's keys, one step of the path at a time, and by what a value may be. */
import type { z } from 'zod'
import { scenarioJsonSchema } from '../scenario/json-schema.js'

type Schema = z.core.JSONSchema.BaseSchema

/** A place in the scenario: what may stand there, and what does. */
interface Place {
  schemas: readonly Schema[]
  value: unknown
}

/**
 * What the text may become, up to the next dot, or with a value. A step that leaves no choice is taken at once, for a shell puts
 * a space after the only completion.
 * @param scenario every option of it; undefined: nobody knows which
 */
export function completedSetting(text: string, scenario: unknown): string[] {
  const equals = text.indexOf('=')
  const path = (equals < 0 ? text : text.slice(0, equals)).split('.')
  const above = placeAt(equals < 0 ? path.slice(0, -1) : path, scenario)
  if (above === undefined) return []
  if (equals >= 0) {
    const key = text.slice(0, equals + 1)
    return valuesOf(above)
      .map((value) => key + value)
      .filter((setting) => setting.startsWith(text))
  }
  const start = path.slice(0, -1).map((step) => `${step}.`)
  const found = stepsOf(above)
    .filter((step) => step.startsWith(path.at(-1)!))
    .flatMap((step) => endings(below(above, step)).map((ending) => [...start, step, ending].join('')))
  const [only] = found
  if (only === undefined || found.length > 1 || only === text) return found
  const further = completedSetting(only, scenario)
  return further.length > 0 ? further : found
}

/** Whether more of a path comes, or a value, or either. */
function endings(place: Place): string[] {
  return [
    ...(stepsOf(place).length > 0 ? ['.'] : []),
    ...(place.schemas.some(({ type, enum: names, const: name }) => isScalar(type) || names || name)
      ? ['=']
      : []),
  ]
}

function isScalar(type: unknown): boolean {
  return type !== undefined && type !== 'object' && type !== 'array'
}

function placeAt(path: readonly string[], scenario: unknown): Place | undefined {
  let place: Place = { schemas: branchesOf(scenarioJsonSchema()), value: scenario }
  for (const step of path) {
    if (!stepsOf(place).includes(step) && !isIndex(step)) return undefined
    place = below(place, step)
  }
  return place
}

/** All that a union allows, each by itself. */
function branchesOf(schema: Schema): Schema[] {
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return branches.length === 0 ? [schema] : branches.flatMap(branchesOf)
}

function stepsOf({ schemas, value }: Place): string[] {
  const steps = schemas.flatMap(({ type, properties, additionalProperties }) => {
    if (type === 'array') return ['*', ...(Array.isArray(value) ? value.keys() : [])].map(String)
    const named = typeof additionalProperties === 'object' && isMapping(value) ? Object.keys(value) : []
    return [...Object.keys(properties ?? {}), ...named]
  })
  return [...new Set(steps)]
}

function below({ schemas, value }: Place, step: string): Place {
  const inner = schemas.flatMap(({ properties, items, additionalProperties }) => {
    const schema = properties?.[step] ?? items ?? additionalProperties
    return typeof schema === 'object' && !Array.isArray(schema) ? branchesOf(schema as Schema) : []
  })
  const from = Array.isArray(value) && step === '*' ? value[0] : (value as Record<string, unknown>)?.[step]
  return { schemas: inner, value: from }
}

/** Every name that is allowed, or else the value that the scenario has, to be changed. */
function valuesOf({ schemas, value }: Place): string[] {
  const names = schemas.flatMap(({ type, enum: choices, const: name }) => [
    ...(choices ?? []).map(String),
    ...(name === undefined ? [] : [String(name)]),
    ...(type === 'boolean' ? ['true', 'false'] : []),
  ])
  const isKnown = ['string', 'number', 'boolean'].includes(typeof value)
  return [...new Set([...names, ...(isKnown ? [String(value)] : [])])]
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isIndex(step: string): boolean {
  return /^\d+$/.test(step)
}
