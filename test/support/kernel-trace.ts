/** Tracepoints of the kernel (Documentation/trace/events.rst), in an instance of its own: nobody else's tracing is touched. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf, ResourceError } from '../../src/errors.js'

export interface TraceEvent {
  name: string
  /** CLOCK_MONOTONIC, whole microseconds. */
  timeUs: number
  /** As the kernel formats it. */
  text: string
}

export class KernelTrace {
  private readonly tracefs = mkdtempSync(join(tmpdir(), 'twinpage-tracefs-'))
  private readonly instance = join(this.tracefs, 'instances', `twinpage-${process.pid}`)

  /** Also done when the process ends before. */
  readonly close = (): void => {
    process.off('exit', this.close)
    if (existsSync(this.instance)) rmdirSync(this.instance)
    spawnSync('umount', [this.tracefs])
    rmdirSync(this.tracefs)
  }

  /**
   * @param events such as `ksm/ksm_advisor`
   * @throws ResourceError when there are no tracepoints here
   */
  constructor(events: readonly string[]) {
    try {
      execFileSync('mount', ['-t', 'tracefs', 'none', this.tracefs], { stdio: ['ignore', 'ignore', 'pipe'] })
      mkdirSync(this.instance)
      writeFileSync(join(this.instance, 'trace_clock'), 'mono')
      for (const event of events) writeFileSync(join(this.instance, 'events', event, 'enable'), '1')
    } catch (error) {
      this.close()
      throw new ResourceError(`the kernel's tracepoints can't be had: ${messageOf(error)}`)
    }
    process.on('exit', this.close)
  }

  /** All so far, in order. */
  read(): TraceEvent[] {
    const lines = readFileSync(join(this.instance, 'trace'), 'utf8').split('\n')
    return lines.flatMap((line) => {
      const [, seconds, us, name, text] = /\s(\d+)\.(\d{6}): (\w+): (.*)$/.exec(line) ?? []
      if (name === undefined) return []
      return [{ name, timeUs: Number(seconds) * 1e6 + Number(us), text: text! }]
    })
  }
}
