/** Tracepoints of the kernel (Documentation/trace/events.rst), in an instance of its own: nobody else's tracing is touched. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
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

  /**
   * @param events such as `ksm/ksm_advisor`
   * @throws ResourceError when there are no tracepoints here
   */
  constructor(events: readonly string[]) {
    try {
      execFileSync('mount', ['-t', 'tracefs', 'none', this.tracefs], { stdio: ['ignore', 'ignore', 'pipe'] })
    } catch (error) {
      rmdirSync(this.tracefs)
      throw new ResourceError(`the kernel's tracefs can't be mounted: ${messageOf(error)}`)
    }
    mkdirSync(this.instance)
    writeFileSync(join(this.instance, 'trace_clock'), 'mono')
    for (const event of events) writeFileSync(join(this.instance, 'events', event, 'enable'), '1')
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

  close(): void {
    rmdirSync(this.instance)
    execFileSync('umount', [this.tracefs])
    rmdirSync(this.tracefs)
  }
}
