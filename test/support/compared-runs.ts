/** Made-up runs, as far as a comparison looks at them; in memory, or as a directory. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ComparedRun } from '../../src/compare/runs.js'

export interface Made {
  seed?: number
  rate?: number
  scenario?: string
  state?: ComparedRun['manifest']['state']
  kernel?: string
  /** Scale. */
  memory?: number
  mismatches?: number
  phase?: string
  /** Below the phase in summary.json. */
  /** By which it was steered. */
  controls?: string[]
  figures?: Record<string, unknown>
}

export function madeRun({
  seed = 1,
  rate = 10,
  scenario = 'quick',
  state = 'complete',
  kernel = '6.1',
  memory = 1,
  mismatches = 0,
  phase = 'busy',
  figures = {},
  controls = [],
}: Made): ComparedRun {
  return {
    directory: `run-${seed}`,
    manifest: {
      twinpage: '0.1.0',
      state,
      scenario,
      seed,
      options: { description: `seed ${seed}`, seed, scanner: { rate }, host: { GHz: seed } },
      versions: { node: '20' },
      machine: { cpuModel: 'x', processors: 2, memoryBytes: 2 ** 30, kernel, platform: 'linux-x64' },
      processors: 2,
      controls: controls.map((control) => ({ control })),
    },
    summary: {
      scale: { memory, time: 1 },
      phases: [{ name: phase, ...figures }],
      integrity: { mismatches, leakedFrames: 0, violations: null },
    },
  }
}

/** @param summary what stands in summary.json instead */
export function leaveRun(directory: string, made: Made, summary?: unknown): void {
  const run = madeRun(made)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(run.manifest))
  writeFileSync(join(directory, 'summary.json'), JSON.stringify(summary ?? run.summary))
}
