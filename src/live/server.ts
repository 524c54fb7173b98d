/**
 * The server of a live page: Node's own, on 127.0.0.1 unless another address is asked for.
 *
 *   GET /          the page, with its script and style beside it
 *   GET /events    what happens, as server-sent events
 *   POST /control  a change of the run, as JSON
 *   GET /metrics   the same state for Prometheus; figures are no secret, so without the token, which a run makes anew
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf, ResourceError } from '../errors.js'
import type { Change } from '../experiment/change.js'
import { PROMETHEUS_CONTENT_TYPE } from '../report/prometheus.js'
import { parseChange } from './change-request.js'
import type { EventLog } from './event-log.js'
import { Guard } from './guard.js'
import { livePage } from './page.js'

/** What esbuild makes of src/page. */
const PAGE = new URL('../../page/', import.meta.url)
const FILES: Record<string, { name: string; type: string }> = {
  '/live-page.js': { name: 'live-page.js', type: 'text/javascript; charset=utf-8' },
  '/live-page.css': { name: 'live-page.css', type: 'text/css; charset=utf-8' },
  '/page.css': { name: 'page.css', type: 'text/css; charset=utf-8' },
}
/** A change takes less. */
const BODY_BYTES_MAX = 1024
/** What is asked for after the end of the run gets this long. */
const END_LIMIT_MS = 2000

/** Style attributes are what the charts are drawn with. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

export interface Address {
  host: string
  /** 0: any that is free. */
  port: number
}

export interface Served {
  title: string
  events: EventLog
  /** Prometheus' text. */
  metrics: () => string
  /** @throws ResourceError when it is refused */
  steer: (change: Change) => unknown
}

export class LiveServer {
  private readonly guard: Guard
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch((error) => end(response, 500, messageOf(error)))
  })

  private constructor(
    private readonly address: Address,
    private readonly served: Served,
  ) {
    this.guard = new Guard(address.host)
  }

  /** @throws ResourceError when the address can't be had */
  static async listen(address: Address, served: Served): Promise<LiveServer> {
    const live = new LiveServer(address, served)
    try {
      live.server.listen(address.port, address.host)
      await once(live.server, 'listening')
    } catch (error) {
      throw new ResourceError(`can't serve a live page: ${messageOf(error)}`)
    }
    return live
  }

  /** What to open: whoever knows it may watch and steer the run. */
  get url(): string {
    const { port } = this.server.address() as AddressInfo
    const { host } = this.address
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}/?token=${this.guard.token}`
  }

  /** Has everybody hear the last event, and ends. */
  async close(): Promise<void> {
    this.server.close()
    await this.served.events.end(END_LIMIT_MS)
    this.server.closeAllConnections()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const refusal = this.guard.refusal(request)
    if (refusal !== undefined) return end(response, 403, refusal)
    const url = new URL(request.url ?? '/', 'http://localhost')
    const { pathname } = url
    const file = FILES[pathname]
    const method = pathname === '/control' ? 'POST' : 'GET'
    const isKnown = file !== undefined || ['/', '/events', '/control', '/metrics'].includes(pathname)
    if (!isKnown) return end(response, 404, 'there are /, /events, /control and /metrics')
    if (request.method !== method) {
      response.setHeader('Allow', method)
      return end(response, 405, `${pathname} takes ${method}`)
    }
    if (file !== undefined) return send(response, file.type, readFileSync(new URL(file.name, PAGE), 'utf8'))
    if (pathname === '/metrics') return send(response, PROMETHEUS_CONTENT_TYPE, this.served.metrics())
    if (!this.guard.hasToken(request, url)) {
      return end(response, 403, 'the token is missing or wrong: open the URL that the terminal shows')
    }
    if (pathname === '/') return send(response, 'text/html; charset=utf-8', livePage(this.served.title))
    if (pathname === '/events') return this.stream(request, response)
    return this.control(request, response)
  }

  private stream(request: IncomingMessage, response: ServerResponse): void {
    const { events } = this.served
    if (events.isFull) {
      end(response, 503, 'too many watch already')
      return
    }
    const lastId = /^\d{1,15}$/.exec(String(request.headers['last-event-id'] ?? ''))?.[0]
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    response.flushHeaders()
    events.serve(response, lastId === undefined ? undefined : Number(lastId))
  }

  private async control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const type = request.headers['content-type'] ?? ''
    if (!/^application\/json\b/i.test(type)) return end(response, 415, 'a change is application/json')
    const text = await bodyOf(request)
    if (text === undefined) return end(response, 413, `a change has ${BODY_BYTES_MAX} bytes at most`)
    const change = parseChange(text)
    if ('problem' in change) return end(response, 400, change.problem)
    try {
      const done = this.served.steer(change)
      return send(response, 'application/json', JSON.stringify(done))
    } catch (error) {
      if (!(error instanceof ResourceError)) throw error
      return end(response, 409, error.message)
    }
  }
}

/** @returns undefined when it is too long */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > BODY_BYTES_MAX) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'Content-Type': type }).end(body)
}

function end(response: ServerResponse, status: number, line: string): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${line}\n`)
}
