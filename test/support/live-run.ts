/** A run that is watched and steered as a browser does it, over HTTP. */
import assert from 'node:assert/strict'
import { parseTimeSeries } from '../../src/charts/time-series.js'
import type { RunFacts, SampleEvent } from '../../src/live/events.js'
import { type Ended, type ProgramOptions, type Running, startTwinpage, until } from './cli.js'

export interface ServerEvent {
  id: number | undefined
  name: string
  data: unknown
}

export class WatchedRun {
  readonly events: ServerEvent[] = []
  readonly origin: string
  readonly token: string
  /** Resolves at the end of the stream. */
  private watching: Promise<void> = Promise.resolve()

  private constructor(
    private readonly running: Running,
    readonly url: string,
  ) {
    const { origin, searchParams } = new URL(url)
    this.origin = origin
    this.token = searchParams.get('token')!
  }

  /** Starts a run and listens to all of its events. */
  static async start(args: readonly string[], options: ProgramOptions): Promise<WatchedRun> {
    const running = startTwinpage(['run', ...args, '--live', '--quiet'], options)
    let stderr = ''
    running.child.stderr!.on('data', (text: string) => {
      stderr += text
    })
    await until('the URL is printed', () => /http\S+token=\S+\n/.test(stderr))
    const run = new WatchedRun(running, /http\S+token=\S+/.exec(stderr)![0])
    run.watching = run.listen(run.events)
    await until('the first event is there', () => run.events.length > 0)
    return run
  }

  get pid(): number {
    return this.running.child.pid!
  }

  get ended(): Promise<Ended> {
    return this.watching.then(() => this.running.ended)
  }

  get facts(): RunFacts {
    return this.named('run')[0] as RunFacts
  }

  named(name: string): unknown[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data)
  }

  series() {
    const lines = (this.named('sample') as SampleEvent[]).map(({ line }) => line)
    return parseTimeSeries(this.facts.header + lines.join(''))
  }

  last(column: string): number {
    return this.series().columns[column]!.at(-1)!
  }

  samples(): number {
    return this.named('sample').length
  }

  /** Waits until so many more samples have come. */
  async moreSamples(count: number): Promise<void> {
    const wanted = this.samples() + count
    await until(`${count} more samples`, () => this.samples() >= wanted)
  }

  async untilPhase(phase: string): Promise<void> {
    await until(`phase ${phase}`, () => this.series().phase.at(-1) === phase)
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.origin + path, init)
  }

  steer(control: string, value: unknown): Promise<Response> {
    return this.request('/control', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ control, value }),
    })
  }

  /** Steers, which is to be done. */
  async change(control: string, value: unknown): Promise<void> {
    const response = await this.steer(control, value)
    assert.equal(response.status, 200, await response.text())
  }

  /** Adds events as they come, until the stream ends. */
  async listen(events: ServerEvent[], lastId?: number, signal?: AbortSignal): Promise<void> {
    const response = await this.request(`/events?token=${this.token}`, {
      headers: lastId === undefined ? {} : { 'Last-Event-ID': String(lastId) },
      ...(signal && { signal }),
    })
    assert.equal(response.status, 200)
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) if (!block.startsWith(':')) events.push(parseEvent(block))
    }
  }
}

function parseEvent(block: string): ServerEvent {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
  const id = field('id')
  return {
    id: id === undefined ? undefined : Number(id),
    name: field('event')!,
    data: JSON.parse(field('data')!),
  }
}
