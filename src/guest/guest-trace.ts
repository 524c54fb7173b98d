/** Cuts a trace into what each guest replays; the page and content numbers stay in shared memory, not copied. */
import type { GuestTrace } from '../experiment/messages.js'
import type { Trace } from './trace.js'

export function guestTraceOf(trace: Trace, guest: number): GuestTrace {
  const guests = trace.guests.length
  const record = (snapshot: number) => snapshot * guests + guest
  return {
    timesSeconds: trace.timesSeconds,
    offsets: trace.timesSeconds.map((_, snapshot) => trace.offsets[record(snapshot)]!),
    ends: trace.timesSeconds.map((_, snapshot) => trace.offsets[record(snapshot) + 1]!),
    pages: trace.pages,
    contents: trace.contents,
  }
}
