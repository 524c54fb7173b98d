/**
 * manifest.json: what was run, with what, where, and how it ended. Written first, with state `running`, and
 * again at the end: a manifest that still says `running` is that of a run that was killed, or is not over.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import { join } from 'node:path'
import type { RecordedChange } from '../experiment/change.js'
import type { Summary } from '../experiment/outcome.js'
import type { KsmFacts } from '../linux/ksm-facts.js'

export interface Manifest {
  /** Version of twinpage. */
  twinpage: string
  state: 'running' | Summary['state']
  scenario: string
  seed: number
  /** ISO 8601, UTC. */
  startedAt: string
  /** Of the process that runs it: if the state is `running` and that process is no more, the run was killed. */
  pid: number
  endedAt: string | null
  /** Every option of the run, defaults included: enough to run it again. */
  options: object
  /** Of node, v8, twinpage and each package that it depends on; `unknown`: an optional one that is not installed. */
  versions: Record<string, string>
  machine: MachineFacts
  /** How many processors the run was allowed to use. */
  processors: number
  /** Backend `linux-ksm` only. */
  linuxKsm?: KsmFacts | undefined
  /** How the run was steered while it went, by someone who watched it. */
  controls: RecordedChange[]
  /** Why it ended; null while it runs. */
  exitReason: string | null
  /** What else the reader must know. */
  messages: string[]
}

export interface MachineFacts {
  cpuModel: string
  processors: number
  memoryBytes: number
  kernel: string
  platform: string
}

export type RunStart = Pick<Manifest, 'scenario' | 'seed' | 'options' | 'processors' | 'linuxKsm'> & {
  startedAt: Date
}
export type RunEnd = Pick<Summary, 'state' | 'messages'> &
  Pick<Manifest, 'controls'> & { exitReason: string; endedAt: Date }

/** The manifest of a run that starts now, on this machine. */
export function startedManifest({ startedAt, ...run }: RunStart): Manifest {
  const versions = describeVersions()
  return {
    twinpage: versions.twinpage!,
    state: 'running',
    ...run,
    startedAt: startedAt.toISOString(),
    pid: process.pid,
    endedAt: null,
    versions,
    machine: describeMachine(),
    controls: [],
    exitReason: null,
    messages: [],
  }
}

export function endedManifest(manifest: Manifest, { endedAt, ...end }: RunEnd): Manifest {
  return { ...manifest, ...end, endedAt: endedAt.toISOString() }
}

export function describeMachine(): MachineFacts {
  const processors = os.cpus()
  return {
    cpuModel: processors[0]?.model ?? 'unknown',
    processors: processors.length,
    memoryBytes: os.totalmem(),
    kernel: os.release(),
    platform: `${process.platform}-${process.arch}`,
  }
}

interface PackageFile {
  name: string
  version: string
  dependencies: Record<string, string>
  optionalDependencies: Record<string, string>
}

export function describeVersions(): Record<string, string> {
  const twinpage = readPackage(new URL('../../../package.json', import.meta.url))
  const versions: Record<string, string> = {
    node: process.versions.node,
    v8: process.versions.v8,
    [twinpage.name]: twinpage.version,
  }
  const { dependencies, optionalDependencies } = twinpage
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    versions[name] = installedVersion(name)
  }
  return versions
}

/** Read from its package.json, found by hand: `exports` keeps most packages from handing that file out. */
function installedVersion(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  const file = folders.map((folder) => join(folder, name, 'package.json')).find(existsSync)
  return file === undefined ? 'unknown' : readPackage(file).version
}

function readPackage(file: string | URL): PackageFile {
  return JSON.parse(readFileSync(file, 'utf8')) as PackageFile
}
