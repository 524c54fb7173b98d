/** Server-sent events to clients that read as slowly as the test has them. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { EventLog } from '../../src/live/event-log.js'

/** Takes so many writes, and then no more until it is drained. */
class Reader extends EventEmitter {
  readonly got: string[] = []
  destroyed = false
  isEnded = false

  constructor(private room: number) {
    super()
  }

  get response(): ServerResponse {
    return this as unknown as ServerResponse
  }

  write(text: string): boolean {
    this.got.push(
      ...[.../(?:^id: (\d+)\n)?event: (.*)$/gm[Symbol.matchAll](text)].map(([, id, name]) => id ?? name!),
    )
    return --this.room > 0
  }

  drain(room: number): void {
    this.room = room
    this.emit('drain')
  }

  end(): void {
    this.isEnded = true
    this.emit('close')
  }

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

test('a slow client is sent nothing more until it has taken what it has, and misses nothing', async () => {
  const log = new EventLog()
  const reader = new Reader(2)
  log.serve(reader.response, undefined)
  for (let event = 0; event < 6; event++) log.add('sample', event)
  log.mention('progress', 0)
  assert.deepEqual(reader.got, ['0', '1'])
  reader.drain(3)
  assert.deepEqual(reader.got, ['0', '1', '2', '3', '4'])
  reader.drain(9)
  log.mention('progress', 1)
  assert.deepEqual(reader.got, ['0', '1', '2', '3', '4', '5', 'progress'])
  await log.end(1000)
  assert.equal(reader.isEnded, true)
})

test('who comes again goes on behind what it has', async () => {
  const log = new EventLog()
  for (let event = 0; event < 4; event++) log.add('sample', event)
  const [late, again] = [new Reader(99), new Reader(99)]
  log.serve(late.response, undefined)
  log.serve(again.response, 2)
  assert.deepEqual(late.got, ['0', '1', '2', '3'])
  assert.deepEqual(again.got, ['3'])
  await log.end(1000)
})

test('at the end nobody who takes nothing keeps the process', async () => {
  const log = new EventLog()
  const stuck = new Reader(1)
  log.serve(stuck.response, undefined)
  for (let event = 0; event < 3; event++) log.add('sample', event)
  await log.end(20)
  assert.deepEqual([stuck.isEnded, stuck.destroyed], [false, true])
})

test('who takes nothing for more than half a minute is dropped, who takes a little is not', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let ms = 0
  t.mock.method(performance, 'now', () => ms)
  const log = new EventLog()
  const [stuck, slow] = [new Reader(1), new Reader(1)]
  for (const { response } of [stuck, slow]) log.serve(response, undefined)
  log.add('sample', 0)
  for (const isDropped of [false, false, false, true, true]) {
    ms += 10_000
    slow.drain(1)
    t.mock.timers.tick(10_000)
    assert.deepEqual([stuck.destroyed, slow.destroyed], [isDropped, false], `after ${ms} ms`)
  }
})
