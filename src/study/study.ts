/** A study as plain data: what varies, over which levels, how often, and what is read off each run. */
import type { KeyPath } from '../scenario/yaml-source.js'

/** Keys as of `--set` (`guests.*.memory`), each with the value, as YAML gives it, that replaces the scenario's. */
export type Settings = Record<string, unknown>

export interface Level {
  name: string
  settings: Settings
  /** Where its settings stand in the study file: that of one key. */
  pathOf: (key: string) => KeyPath
}

export interface Factor {
  name: string
  /** For axes; empty: none. */
  unit: string
  levels: Level[]
  /** Where the levels lie on an axis; undefined: they are names, not amounts. */
  amounts: number[] | undefined
}

export interface Response {
  name: string
  /** Into summary.json: `phases.busy.captureRatio`. */
  path: string
  label: string
  unit: string
}

export interface Study {
  name: string
  /** As the user named it: a shipped study's name, or a path. */
  given: string
  description: string
  /** A shipped scenario's name, or a path as seen from the study's file. */
  scenario: string
  /** For all runs. */
  set: Settings
  seed: number
  replicates: number
  factors: Factor[]
  responses: Response[]
}
