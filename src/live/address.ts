/** `--live[=PORT]`, or `--live=HOST:PORT`: where a live page is served. */
import { isIP } from 'node:net'
import { UserError } from '../errors.js'
import type { Address } from './server.js'

const LOOPBACK = '127.0.0.1'
const PORT_MAX = 65_535

/** @throws UserError for what is no such text */
export function parseAddress(text: string): Address {
  if (text === '') return { host: LOOPBACK, port: 0 }
  const [, host = LOOPBACK, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > PORT_MAX) {
    throw new UserError(`expected a port up to ${PORT_MAX}, or HOST:PORT, got ${JSON.stringify(text)}`, {
      key: '--live',
    })
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
