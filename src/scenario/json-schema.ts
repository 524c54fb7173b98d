/**
 * The scenario language as JSON Schema, for editors. Run as a program (`node dist/src/scenario/json-schema.js`) this
 * file is a step of the build: it writes dist/scenario.schema.json, which package.json publishes.
 */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { scenarioSchema } from './schema.js'

/** Defaults that are those of the machine at hand, and would be wrong on any other. */
const MACHINE_DEFAULTS: readonly unknown[] = [
  scenarioSchema.shape.host.shape.processors,
  scenarioSchema.shape.host.shape.GHz,
]

/** JSON Schema, draft 2020-12, of a scenario as it is written. */
export function scenarioJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(scenarioSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (MACHINE_DEFAULTS.includes(zodSchema)) delete jsonSchema.default
    },
  })
}

const isProgram = import.meta.url === pathToFileURL(process.argv[1] ?? '').href
if (isProgram) {
  const file = new URL('../../scenario.schema.json', import.meta.url)
  writeFileSync(file, `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`)
}
