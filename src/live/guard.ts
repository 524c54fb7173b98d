/**
 * Who may watch a run and steer it. A page that any web site opens in the same browser can send requests to a port of this
 * machine; so may every user of it. What keeps them out:
 *
 *   token    random, in the URL that the terminal shows; whoever has it may do all
 *   Host     names an address, `localhost`, or what was asked for, so that no web site can have its name lead here (DNS
 *            rebinding) and read what is said
 *   Origin   of a request that some page sends: this page's own
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

const TOKEN_BYTES = 24

export class Guard {
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url')

  /** @param host that the server was asked to listen at */
  constructor(private readonly host: string) {}

  /** Why a request is refused, whatever it asks for. */
  refusal({ headers }: IncomingMessage): string | undefined {
    const { host = '', origin } = headers
    if (!this.isOurs(nameOf(host))) return 'this Host is not served here'
    if (origin !== undefined && origin !== `http://${host}`) return 'requests of other origins are refused'
    return undefined
  }

  /** As `Authorization: Bearer TOKEN`, or as ?token= where a browser lets a page set no header. */
  hasToken({ headers }: IncomingMessage, url: URL): boolean {
    const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]
    return isEqual(bearer ?? url.searchParams.get('token') ?? '', this.token)
  }

  private isOurs(name: string): boolean {
    return isIP(name) !== 0 || name === 'localhost' || name === this.host
  }
}

/** Without the port, nor the brackets of IPv6. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** In a time that tells nothing of where they differ. */
function isEqual(a: string, b: string): boolean {
  const [digestA, digestB] = [a, b].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(digestA!, digestB!)
}
