/** How a user ends a command early, and the exit code that says so. */
import { constants } from 'node:os'
import { EXIT } from '../errors.js'

/** A signal so soon after another is its echo: npm and a terminal may both send the one that a user asked for. */
export const ECHO_MS = 300

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Interruption {
  signal: AbortSignal
  exitCode: () => number
  /** Leaves signals to node again. */
  release: () => void
}

/** The first signal ends the run with its results so far; a second one ends the process. */
export function abortOnSignals(): Interruption {
  const controller = new AbortController()
  let exitCode: number = EXIT.interrupted
  let firstAtMs = 0
  const onSignal = (signal: NodeJS.Signals) => {
    // What a shell reports of a process that the signal ended: 130 for SIGINT.
    exitCode = 128 + constants.signals[signal]
    if (!controller.signal.aborted) firstAtMs = performance.now()
    else if (performance.now() - firstAtMs > ECHO_MS) process.exit(exitCode)
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
