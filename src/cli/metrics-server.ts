/** Serves metrics to Prometheus: GET /metrics on this machine's loopback address, and nothing else. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf, ResourceError } from '../errors.js'

const HOST = '127.0.0.1'
const PATH = '/metrics'

export interface Metrics {
  contentType: string
  /** Asked anew for each request. */
  text: () => string
}

/**
 * Serves until the signal.
 * @param port 0 for any that is free
 * @param onListening is told the address
 * @throws ResourceError when the port can't be had
 */
export async function serveMetrics(
  port: number,
  metrics: Metrics,
  signal: AbortSignal,
  onListening: (url: string) => void,
): Promise<void> {
  const server = createServer((request, response) => answer(request, response, metrics))
  try {
    server.listen(port, HOST)
    await once(server, 'listening')
  } catch (error) {
    throw new ResourceError(`can't serve metrics: ${messageOf(error)}`)
  }
  onListening(`http://${HOST}:${(server.address() as AddressInfo).port}${PATH}`)
  if (!signal.aborted) await once(signal, 'abort')
  server.close()
  server.closeAllConnections()
}

function answer({ method, url = '' }: IncomingMessage, response: ServerResponse, metrics: Metrics): void {
  if (url.split('?')[0] !== PATH) {
    end(response, 404, `there is only ${PATH}`)
  } else if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    end(response, 405, `${PATH} can only be read`)
  } else {
    sendMetrics(response, metrics)
  }
}

function sendMetrics(response: ServerResponse, { contentType, text }: Metrics): void {
  try {
    const body = text()
    response.writeHead(200, { 'Content-Type': contentType }).end(body)
  } catch (error) {
    end(response, 500, messageOf(error))
  }
}

function end(response: ServerResponse, status: number, line: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${line}\n`)
}
