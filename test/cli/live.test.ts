/** A run that is watched and steered: who may, what is told, and whether each control changes what the lab does. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedChange } from '../../src/experiment/change.js'
import type { RunEnd } from '../../src/live/events.js'
import { readManifest, readSummary, runTwinpage, setting, temporaryDirectory, until } from '../support/cli.js'
import { WatchedRun } from '../support/live-run.js'

const cwd = temporaryDirectory()
const ARGS = [
  'quick',
  ...setting({
    'guests.0.count': 2,
    'guests.0.memory': '16MiB',
    'phases.1.duration': '200ms',
    'phases.2.duration': '60s',
    'sampling.interval': '100ms',
    'scanner.ShareScanTime': '10min',
  }),
]

/** Growth of a column over the next samples. */
async function growth(run: WatchedRun, column: string, samples = 6): Promise<number> {
  const before = run.last(column)
  await run.moreSamples(samples)
  return run.last(column) - before
}

describe('who may watch and steer', () => {
  let run: WatchedRun
  test('it starts', async () => {
    run = await WatchedRun.start([...ARGS, '--out', 'guarded'], { cwd })
  })
  after(async () => {
    await run.steer('stop', true)
    await run.ended
  })

  test('without the token, or with a wrong one, nobody', async () => {
    for (const path of ['/', '/events', '/?token=', `/events?token=${run.token}x`]) {
      assert.equal((await run.request(path)).status, 403, path)
    }
    const body = '{"control":"load","value":2}'
    const headers = { 'Content-Type': 'application/json', Authorization: 'Bearer no' }
    assert.equal((await run.request('/control', { method: 'POST', headers, body })).status, 403)
    assert.equal((await run.request('/metrics')).status, 200, 'figures are no secret')
  })

  test('with the token, no page of another origin, and nobody who came by another name', async () => {
    for (const headers of [
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { Host: 'evil.example' },
      { Host: `evil.example:${new URL(run.url).port}` },
    ]) {
      for (const path of [`/?token=${run.token}`, `/events?token=${run.token}`, '/metrics']) {
        assert.equal(await statusOf(run.origin + path, headers), 403, JSON.stringify(headers))
      }
    }
    assert.equal(await statusOf(run.url, { Origin: run.origin }), 200)
  })

  test('a change is JSON, short, and one that there is', async () => {
    const post = (body: string, type = 'application/json') =>
      run.request(`/control?token=${run.token}`, { method: 'POST', headers: { 'Content-Type': type }, body })
    assert.equal((await post('{"control":"load","value":2}', 'text/plain')).status, 415)
    assert.equal((await post(`{"control":"load","value":${' '.repeat(2000)}2}`)).status, 413)
    for (const body of [
      '{',
      '{"control":"load","value":-1}',
      '{"control":"nice","value":20}',
      '{"control":"no","value":1}',
      '{"control":"load","value":1,"more":1}',
    ]) {
      assert.equal((await post(body)).status, 400, body)
    }
    assert.equal((await run.request(`/control?token=${run.token}`)).status, 405)
    assert.equal((await run.request('/../package.json')).status, 404)
    assert.equal((await run.steer('pages_to_scan', 1)).status, 409, 'policy tps has none')
  })

  test('nothing is kept, guessed or framed', async () => {
    const { headers } = await run.request(`/?token=${run.token}`)
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.match(headers.get('content-security-policy')!, /default-src 'none'; script-src 'self';/)
    assert.match(headers.get('content-security-policy')!, /frame-ancestors 'none'/)
  })

  test('who comes late gets all that was, and who comes again what is new', async () => {
    await run.untilPhase('busy')
    const late: typeof run.events = []
    const enough = new AbortController()
    const listening = run.listen(late, undefined, enough.signal).catch(() => {})
    await until('history', () => late.filter(({ name }) => name === 'sample').length >= 5)
    enough.abort()
    await listening
    const kept = (events: typeof late) => events.filter(({ id }) => id !== undefined)
    assert.deepEqual(kept(late).slice(0, 5), kept(run.events).slice(0, 5))
    const again: typeof run.events = []
    const done = new AbortController()
    const resumed = run.listen(again, 3, done.signal).catch(() => {})
    await until('the rest', () => kept(again).length >= 3)
    done.abort()
    await resumed
    assert.deepEqual(kept(again).slice(0, 3), kept(run.events).slice(4, 7))
  })

  test('metrics are in the format of Prometheus, and are those of the last sample', async () => {
    const text = await (await run.request('/metrics')).text()
    const values = new Map<string, number>()
    for (const line of text.trimEnd().split('\n')) {
      if (/^# (HELP [a-z_]+ .+|TYPE [a-z_]+ (gauge|counter))$/.test(line)) continue
      const [, name, value] = /^([a-z_]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})?) (\S+)$/.exec(line)!
      assert(Number.isFinite(Number(value)), line)
      assert(!values.has(name!), line)
      values.set(name!, Number(value))
    }
    assert(values.get('twinpage_run_shared_bytes')! > 0)
    assert(values.has('twinpage_guest_saved_bytes{guest="guest-1"}'))
  })
})

test('each control changes what the lab does, and all of it is recorded', async () => {
  const run = await WatchedRun.start([...ARGS, '--out', 'steered'], { cwd })
  await run.untilPhase('busy')

  // Without scanning nothing is merged; with it, it is again.
  await run.change('scanRate', 0)
  await run.moreSamples(1)
  assert.equal(await growth(run, 'scannedPages'), 0)
  assert.equal(await growth(run, 'merges'), 0)
  await run.change('scanRate', 'unthrottled')
  await until(
    'merges go on',
    () => run.series().columns.merges!.at(-1)! > run.series().columns.merges!.at(-8)!,
  )
  await run.change('scanRate', 1000)
  await run.moreSamples(12)
  const asked = await growth(run, 'pagesAsked', 10)
  assert(asked > 700 && asked < 1300, `${asked} pages asked for in a second`)
  await run.change('scanRate', null)

  // Half the load, half the stores.
  const full = await growth(run, 'stores', 10)
  await run.change('load', 0.5)
  await run.moreSamples(2)
  const half = await growth(run, 'stores', 10)
  assert(half > 0.35 * full && half < 0.65 * full, `${half} of ${full} stores`)
  await run.change('load', 0)
  await run.moreSamples(2)
  assert.equal(await growth(run, 'stores'), 0)
  await run.change('load', 1)
  await run.moreSamples(2)

  // A pause: neither stores nor scans, no time, and afterwards no burst.
  await run.change('pause', true)
  await until('it holds', () => {
    const changes = run.named('change') as RecordedChange[]
    return changes.at(-1)!.control === 'pause'
  })
  await sleep(200)
  const held = run.samples()
  await sleep(1500)
  assert.equal(run.samples(), held, 'no sample while time stands still')
  const before = { stores: run.last('stores'), seconds: run.series().timeSeconds.at(-1)! }
  await run.change('pause', false)
  await run.moreSamples(5)
  const seconds = run.series().timeSeconds.at(-1)! - before.seconds
  assert(seconds < 1.4, `${seconds} s of scenario time`)
  const perSecond = (run.last('stores') - before.stores) / seconds
  assert(perSecond < 1.5 * full, `${perSecond} stores/s after a pause, ${full} before`)

  await run.change('stop', true)
  const { code } = await run.ended
  assert.equal(code, 130)
  const manifest = readManifest(join(cwd, 'steered'))
  assert.equal(manifest.state, 'partial')
  assert.deepEqual(manifest.controls, run.named('change'))
  assert.deepEqual(
    manifest.controls.map(({ control, value }) => [control, value]),
    [
      ['scanRate', 0],
      ['scanRate', 'unthrottled'],
      ['scanRate', 1000],
      ['scanRate', null],
      ['load', 0.5],
      ['load', 0],
      ['load', 1],
      ['pause', true],
      ['pause', false],
      ['stop', true],
    ],
  )
  const summary = readSummary(join(cwd, 'steered'))
  assert.match(summary.messages.join(), /steered while it went \(scanRate, load, pause\)/)
  assert.equal((run.named('end') as RunEnd[])[0]!.state, 'partial')
  const file = readFileSync(join(cwd, 'steered', 'timeseries.csv'), 'utf8')
  const sent = (run.named('sample') as { line: string }[]).map(({ line }) => line)
  assert.equal(file, run.facts.header + sent.join(''))
})

test('niceness is that of the scanner’s thread', { skip: process.platform !== 'linux' }, async () => {
  const run = await WatchedRun.start([...ARGS, '--out', 'nice'], { cwd })
  await run.untilPhase('busy')
  await run.change('nice', 7)
  assert(niceness(run.pid).includes(7), String(niceness(run.pid)))
  await run.change('stop', true)
  assert.equal((await run.ended).code, 130)
})

test('engine stepped can be watched, and stopped, and not steered', async () => {
  const args = [...ARGS, ...setting({ engine: 'stepped', 'phases.2.duration': '3000s' }), '--out', 'stepped']
  const run = await WatchedRun.start(args, { cwd })
  await until('a sample', () => run.samples() > 3)
  const response = await run.steer('load', 2)
  assert.equal(response.status, 409)
  assert.match(await response.text(), /^engine stepped: /)
  await run.change('stop', true)
  assert.equal((await run.ended).code, 130)
})

test('an address that is none is a user’s mistake', async () => {
  for (const text of ['99999', 'no', 'host:', '-1']) {
    const { code, stderr } = await runTwinpage(['run', 'quick', `--live=${text}`], { cwd })
    assert.equal(code, 2)
    assert.match(stderr, /^twinpage: --live: expected a port up to 65535, or HOST:PORT, got ".*"\n$/)
  }
})

/** Of all threads of a process. */
function niceness(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  })
}

/** With headers that `fetch` does not let one set. */
function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers }, (response) => {
      resolve(response.statusCode!)
      response.destroy()
    })
    sent.on('error', reject)
    sent.end()
  })
}
