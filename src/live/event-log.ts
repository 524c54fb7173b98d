/**
 * Server-sent events: a log of all that has happened, and clients that read it, each at its own pace from wherever it was.
 * An event's id is its place in the log, so a browser that comes again (Last-Event-ID) goes on where it was, and one that
 * comes late gets it all.
 *
 * A client is a place in the log and no queue: what it is too slow for stays where it is, once for all clients. One that
 * takes nothing at all for a while is dropped; a browser comes again by itself.
 */
import type { ServerResponse } from 'node:http'

/** A comment now and then, so that neither end takes a silent connection for a dead one. */
const HEARTBEAT_MS = 10_000
/** A client that has not taken what it was sent by then is dropped. */
const STUCK_MS = 30_000
/** More would be no people. */
export const CLIENTS_MAX = 32

interface Client {
  response: ServerResponse
  /** The next event to send. */
  next: number
  /** Since when it takes nothing; undefined: it does. */
  stuckSinceMs: number | undefined
}

export class EventLog {
  private readonly events: string[] = []
  private readonly clients = new Set<Client>()
  private readonly heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS).unref()

  get isFull(): boolean {
    return this.clients.size >= CLIENTS_MAX
  }

  /** @param data as JSON, which has no line breaks */
  add(name: string, data: unknown): void {
    this.events.push(`id: ${this.events.length}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    for (const client of this.clients) this.send(client)
  }

  /** Of the moment, and for those who have heard all else: it is not kept. */
  mention(name: string, data: unknown): void {
    for (const client of this.clients) {
      if (client.next === this.events.length)
        this.write(client, `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    }
  }

  /** @param lastId what the client has; undefined: nothing */
  serve(response: ServerResponse, lastId: number | undefined): void {
    const client: Client = { response, next: lastId === undefined ? 0 : lastId + 1, stuckSinceMs: undefined }
    this.clients.add(client)
    response.on('close', () => this.clients.delete(client))
    response.on('drain', () => {
      client.stuckSinceMs = undefined
      this.send(client)
    })
    this.send(client)
  }

  /** Waits until all have everything, at most so long, and says goodbye. */
  async end(limitMs: number): Promise<void> {
    clearInterval(this.heartbeat)
    const ends = [...this.clients].map(
      ({ response }) => new Promise<void>((resolve) => response.on('close', resolve)),
    )
    const limit = setTimeout(() => {
      for (const { response } of this.clients) response.destroy()
    }, limitMs)
    for (const client of this.clients) this.send(client, true)
    await Promise.all(ends)
    clearTimeout(limit)
  }

  private isEnding = false

  private send(client: Client, isEnding = this.isEnding): void {
    this.isEnding = isEnding
    while (client.next < this.events.length && client.stuckSinceMs === undefined) {
      this.write(client, this.events[client.next++]!)
    }
    if (isEnding && client.next === this.events.length) client.response.end()
  }

  private write(client: Client, text: string): void {
    if (client.stuckSinceMs !== undefined || client.response.destroyed) return
    if (!client.response.write(text)) client.stuckSinceMs = performance.now()
  }

  private beat(): void {
    for (const client of this.clients) {
      const { stuckSinceMs, response } = client
      if (stuckSinceMs !== undefined && performance.now() - stuckSinceMs > STUCK_MS) response.destroy()
      else this.write(client, ':\n\n')
    }
  }
}
