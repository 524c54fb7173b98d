/** `twinpage top`: what the host's own KSM does, live. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Argv, CommandModule } from 'yargs'
import { UserError } from '../errors.js'
import { PassClock } from '../linux/ksm-activity.js'
import { requireKsm } from '../linux/ksm-available.js'
import type { KsmPaths } from '../linux/ksm-paths.js'
import { type KsmReading, readKsm } from '../linux/ksm-reading.js'
import { findKsmd } from '../linux/ksmd.js'
import { type KsmReport, ksmReport } from '../report/ksm-report.js'
import { ksmLines } from '../report/ksm-text.js'
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from '../report/prometheus.js'
import { examples } from './options.js'
import { abortOnSignals } from './signals.js'
import { canRedraw, LiveBlock, printResult } from './terminal.js'

const INTERVAL_SECONDS = { default: 2, min: 0.1, max: 3600 }
const PORT_MAX = 65_535

interface TopArguments {
  interval: number | undefined
  once: boolean
  json: boolean
  prometheus: number | undefined
}

/** @param paths of the host's KSM; tests have others */
export function topCommand(paths: KsmPaths): CommandModule<object, TopArguments> {
  return {
    command: 'top',
    describe: "Watch this machine's own KSM",
    builder: (yargs) =>
      yargs
        .option('interval', {
          type: 'string',
          requiresArg: true,
          coerce: (text: string) => numberWithin('--interval', text, INTERVAL_SECONDS),
          describe: `Seconds between two readings [${INTERVAL_SECONDS.default}]`,
        })
        .option('once', { type: 'boolean', default: false, describe: 'End after one interval' })
        .option('json', {
          type: 'boolean',
          default: false,
          describe: 'Print a line of JSON for each interval; with --once an object',
        })
        .option('prometheus', {
          type: 'string',
          requiresArg: true,
          coerce: portNumber,
          describe: 'Serve the figures to Prometheus on this port of 127.0.0.1 instead; 0 for any',
        })
        .epilogue(
          examples(
            ['top', 'what it merges and saves, and what that costs, until Ctrl-C'],
            ['top --once --json', 'one interval, for a program'],
          ),
        ) as Argv<TopArguments>,
    handler: async ({ interval, once, json, prometheus }) => {
      if (prometheus !== undefined && (interval !== undefined || once || json)) {
        throw new UserError(
          'it serves one reading for each request, so it goes with neither --interval nor --once nor --json',
          {
            key: '--prometheus',
          },
        )
      }
      requireKsm(paths)
      const ksmd = findKsmd(paths)
      const read = () => readKsm(ksmd, paths)
      const ended = abortOnSignals()
      try {
        if (prometheus !== undefined) {
          // Loaded only now: no other command needs a server, nor waits for it.
          const { serveMetrics } = await import('./metrics-server.js')
          const metrics = { contentType: PROMETHEUS_CONTENT_TYPE, text: () => prometheusText(read()) }
          await serveMetrics(prometheus, metrics, ended.signal, printResult)
        } else {
          const intervalMs = 1000 * (interval ?? INTERVAL_SECONDS.default)
          await watch(read, { intervalMs, once, json }, ended.signal)
        }
        if (ended.signal.aborted) process.exitCode = ended.exitCode()
      } finally {
        ended.release()
      }
    },
  }
}

interface WatchOptions {
  intervalMs: number
  once: boolean
  json: boolean
}

/** Reports on each interval until the signal. */
async function watch(read: () => KsmReading, options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { intervalMs, once, json } = options
  const passClock = new PassClock()
  const block = new LiveBlock()
  const isLive = canRedraw(process.stdout)
  const show = (report: KsmReport) => {
    if (json) printResult(JSON.stringify(report, null, once ? 2 : 0))
    else if (isLive) block.show(ksmLines(report))
    else printResult(`${ksmLines(report).join('\n')}\n\n`)
  }
  let before = read()
  passClock.take(before)
  while (await slept(intervalMs, signal)) {
    const after = read()
    passClock.take(after)
    show(ksmReport(before, after, passClock.passSeconds))
    before = after
    if (once) return
  }
  block.end()
}

/** @returns false when the signal came first */
async function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false)
}

function numberWithin(key: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UserError(`expected ${min} to ${max} seconds, got ${JSON.stringify(text)}`, { key })
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= PORT_MAX) return Number(text)
  throw new UserError(`expected a port from 0 to ${PORT_MAX}, got ${JSON.stringify(text)}`, {
    key: '--prometheus',
  })
}
