/** Scenarios that are right: what they come to in pages and seconds. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { numberContents } from '../../src/scenario/content-numbers.js'
import { scenarioJsonSchema } from '../../src/scenario/json-schema.js'
import {
  type LoadOptions,
  loadScenario,
  resolvedScenario,
  shippedScenarios,
} from '../../src/scenario/load.js'
import type { Activity, GuestPlan, Plan, TpsRates } from '../../src/scenario/plan.js'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/scenario/units.js'
import { parseYaml, toYaml } from '../../src/scenario/yaml-source.js'

const directory = mkdtempSync(join(tmpdir(), 'twinpage-scenario-'))
after(() => rmSync(directory, { recursive: true }))

let files = 0

function written(text: string): string {
  const file = join(directory, `scenario-${++files}.yaml`)
  writeFileSync(file, text)
  return file
}

function plan(text: string, options: LoadOptions = {}): Plan {
  return loadScenario(written(text), options).plan
}

/** A plan of one guest of 1,000 pages with this image and this work, all else by default. */
function guestPlan(image: string, work = '', options: LoadOptions = {}): GuestPlan {
  const text = `
host: { memory: 16MiB }
phases: [{ name: all, duration: 1min }]
guests:
  - name: one
    memory: 4000KiB
    image: [${image}]
    workload: { all: [${work}] }
`
  return plan(text, options).guests[0]!
}

describe('the scenarios that ship', () => {
  test('are listed by name, each with a description', () => {
    const scenarios = shippedScenarios()
    assert.deepEqual(
      scenarios.map(({ name }) => name),
      [
        'case-study',
        'debian-trace',
        'ksm-trace',
        'quick',
        'validate-churn',
        'validate-static',
        'validate-zero',
      ],
    )
    for (const { name, description } of scenarios) assert.match(description, /\w{3}/, name)
  })

  for (const { name } of shippedScenarios()) {
    test(`${name} loads, by name`, () => {
      const loaded = loadScenario(name)
      assert.equal(loaded.name, name)
      assert.equal(loaded.plan.scenario, name)
      assert.ok(loaded.plan.guests.length > 0)
    })

    test(`${name} comes to the same plan from its resolved options`, () => {
      const loaded = loadScenario(name)
      const again = loadScenario(written(toYaml(resolvedScenario(loaded))))
      assert.deepEqual({ ...again.plan, scenario: name }, loaded.plan)
      assert.deepEqual(again.scenario, loaded.scenario)
    })

    test(`${name} fits the published JSON Schema`, () => {
      const published = z.fromJSONSchema(scenarioJsonSchema() as Parameters<typeof z.fromJSONSchema>[0])
      const { value } = parseYaml(readFileSync(loadScenario(name).file, 'utf8'))
      assert.deepEqual(published.safeParse(value).error?.issues, undefined)
      assert.equal(
        published.safeParse({ ...(value as object), hots: {} }).success,
        false,
        'and not any other',
      )
    })
  }

  test('case-study has the sizes of the post, divided by its scale', () => {
    const { scale, host, guests, phases } = loadScenario('case-study').plan
    assert.equal(host.frames * scale.memory, (16 * 2 ** 30) / 4096)
    assert.deepEqual(
      guests.map(({ name, pages }) => [name, pages * scale.memory]),
      ['ESXAS12B', 'ESXAS12C', 'ESXAS12D', 'ESXAS12E'].map((name) => [name, (8 * 2 ** 30) / 4096]),
    )
    assert.deepEqual(
      phases.map(({ name, ends, seconds }) => [name, ends.when, seconds * scale.time]),
      [
        ['settle', 'settled', 3600],
        ['idle', 'time', 900],
        ['benchmark', 'time', 6300],
      ],
    )
  })

  test('case-study can be run on its full memory, in a fraction of its time', () => {
    const { scale, guests, phases } = loadScenario('case-study', { set: ['scale.memory=1'] }).plan
    assert.deepEqual(scale, { memory: 1, time: 128 })
    assert.deepEqual([guests[0]?.pages, phases[1]?.seconds], [(8 * 2 ** 30) / 4096, 900 / 128])
  })

  test('debian-trace takes guests and contents from its trace', () => {
    const { guests, contents, trace, phases, scale } = loadScenario('debian-trace').plan
    assert.deepEqual(
      guests.map(({ pages, traceGuest, image }) => [pages, traceGuest, image]),
      [0, 1, 2, 3].map((index) => [65_536, index, []]),
    )
    assert.ok(
      guests.every(({ activities }) => activities.length === phases.length && activities.flat().length === 0),
    )
    assert.ok(contents > 187_000)
    assert.equal(trace?.timesSeconds.length, 73)
    assert.equal(Math.round(phases.reduce((sum, { seconds }) => sum + seconds, 0) * scale.time), 381)
  })

  test('quick can be blown up to 64 guests from the command line', () => {
    const { guests } = loadScenario('quick', { set: ['guests.0.count=64', 'guests.0.memory=4MiB'] }).plan
    assert.equal(guests.length, 64)
    assert.ok(guests.every(({ pages }) => pages === 1024))
    assert.deepEqual([guests[0]?.name, guests[63]?.name], ['guest-1', 'guest-64'])
  })
})

describe('the smallest scenario', () => {
  const smallest =
    'host: { memory: 1MiB }\nguests: [{ name: a, memory: 4KiB }]\nphases: [{ name: p, duration: 1s }]\n'

  test('has a host of its own in engine stepped, not that of this machine, unless it says otherwise', () => {
    const { processors, GHz } = plan(`engine: stepped\n${smallest}`).host
    assert.deepEqual([processors, GHz], [2, 3])
    const more = smallest.replace('1MiB }', '1MiB, processors: 5, GHz: 4.5 }')
    const { host } = plan(`engine: stepped\n${more}`)
    assert.deepEqual([host.processors, host.GHz], [5, 4.5])
  })

  test('has the defaults of ESX and of this machine', () => {
    const { seed, scale, host, scanner, sampleSeconds, guests, contents, trace } = plan(smallest)
    assert.deepEqual(
      { seed, scale, sampleSeconds, contents, trace },
      { seed: 1, scale: { memory: 1, time: 1 }, sampleSeconds: 60, contents: 1, trace: undefined },
    )
    assert.deepEqual(host.swap, { enabled: true, startFreePercent: 4, stopFreePercent: 6 })
    assert.deepEqual([host.frames, host.stallLimitSeconds], [256, 10])
    assert.ok(host.processors >= 1 && host.GHz > 0)
    assert.deepEqual(scanner, {
      policy: 'tps',
      count: 1,
      order: 'random',
      ShareForceSalting: 2,
      onDeath: 'fail',
      rates: [{ unthrottled: false, ShareScanTimeSeconds: 3600, ShareScanGHz: 4, ShareRateMax: 1024 }],
    })
    assert.deepEqual(guests, [
      {
        name: 'a',
        pages: 1,
        salt: undefined,
        share: true,
        image: [],
        activities: [[]],
        demand: [0],
        processors: undefined,
        traceGuest: undefined,
      },
    ])
  })

  test('leaves processors and threads as they are', () => {
    const { host, scannerThreads } = plan(smallest)
    assert.deepEqual([host.processorNumbers, host.onRefusal], [undefined, 'fail'])
    assert.deepEqual(scannerThreads, { nice: undefined, class: 'SCHED_OTHER', processors: undefined })
  })

  test('may say which processors the run uses, and of those which thread which', () => {
    const set = [
      'host.processors=[5, 0, 2]',
      'guests.0.processors=[2, 0]',
      'scanner={ processors: [5], nice: 19, class: SCHED_IDLE }',
      'host.onRefusal=continue',
    ]
    const { host, guests, scannerThreads } = plan(smallest, { set })
    assert.deepEqual([host.processors, host.processorNumbers, host.onRefusal], [3, [5, 0, 2], 'continue'])
    assert.deepEqual(guests[0]!.processors, [2, 0])
    assert.deepEqual(scannerThreads, { nice: 19, class: 'SCHED_IDLE', processors: [5] })
  })

  test('leaves niceness 0 alone on the lab, where it is what threads have, but not on ksmd, which has 5', () => {
    const niceOn = (...set: string[]) =>
      plan(smallest, { set: ['scanner.nice=0', ...set] }).scannerThreads.nice
    assert.equal(niceOn(), undefined)
    assert.equal(niceOn('backend=linux-ksm', 'scanner.policy=ksm'), 0)
  })

  test('may ask for a part of a processor, in all phases or in some', () => {
    const demandOf = (demand: string) => {
      const set = [
        `guests.0.demand=${demand}`,
        'phases=[{ name: p, duration: 1s }, { name: q, duration: 1s }]',
      ]
      return plan(smallest, { set }).guests[0]!.demand
    }
    assert.deepEqual(demandOf('0.25'), [0.25, 0.25])
    assert.deepEqual(demandOf('{ q: 1 }'), [0, 1])
    assert.deepEqual(demandOf('{}'), [0, 0])
  })

  test('names a file of its own by its path', () => {
    const file = written(smallest)
    assert.equal(`${loadScenario(file).name}.yaml`, file.slice(directory.length + 1))
  })

  test('runs in real threads, unless it says to be stepped', () => {
    assert.equal(plan(smallest).engine, 'threads')
    assert.equal(plan(smallest, { set: ['engine=stepped'] }).engine, 'stepped')
  })

  test('takes a seed from its caller, after all that is set', () => {
    assert.equal(plan(smallest, { set: ['seed=5'] }).seed, 5)
    assert.equal(plan(smallest, { set: [{ key: 'seed', value: '5' }], seed: 7 }).seed, 7)
  })

  test('lets keys be set that it doesn’t have', () => {
    const set = [
      'host.swap.enabled=false',
      'guests.0.workload.p=[{ do: busy, fraction: 0.5 }]',
      'guests.0.name=b',
    ]
    const { host, guests } = plan(smallest, { set })
    assert.equal(host.swap.enabled, false)
    assert.deepEqual([guests[0]?.name, guests[0]?.activities], ['b', [[{ do: 'busy', fraction: 0.5 }]]])
  })
})

describe('scale', () => {
  const scaled = (scale: string) =>
    plan(`
scale: ${scale}
host: { memory: 16GiB, stallLimit: 5s }
sampling: { interval: 1min }
scanner: { ShareScanTime: 60 }
guests:
  - name: a
    memory: 8GiB
    image: [{ class: private, size: 1GiB }]
    workload:
      p:
        - { do: boot, over: 10min }
        - { do: update, where: 6.5GiB, rate: 1000/s }
        - { do: read, where: all, threads: 4, think: 1ms }
phases: [{ name: p, duration: 105min, scanner: { ShareRateMax: 7 } }]
`)

  test('divides memory and time exactly, and leaves rates, think time and wall time alone if both are the same', () => {
    const { scale, host, guests, phases, scanner, sampleSeconds } = scaled('128')
    assert.deepEqual(scale, { memory: 128, time: 128 })
    assert.equal(host.frames, 32_768)
    assert.equal(host.stallLimitSeconds, 5)
    assert.equal(guests[0]?.pages, 16_384)
    assert.equal(guests[0]?.image[0]?.pages, 2048)
    assert.equal(phases[0]?.seconds, 6300 / 128)
    assert.equal(sampleSeconds, 60 / 128)
    assert.deepEqual(scanner.rates[0], {
      unthrottled: false,
      ShareScanTimeSeconds: 28.125,
      ShareScanGHz: 4,
      ShareRateMax: 7,
    })
    assert.deepEqual(guests[0]?.activities[0], [
      { do: 'boot', pace: { kind: 'over', seconds: 4.6875 } },
      {
        do: 'update',
        ranges: [{ first: 3072, pages: 13_312 }],
        pace: { kind: 'rate', perSecond: 1000 },
        words: 1,
        locks: 0,
        zipf: 0,
      },
      {
        do: 'read',
        ranges: [{ first: 0, pages: 16_384 }],
        pace: { kind: 'closed', threads: 4, thinkSeconds: 0.001 },
        zipf: 0,
      },
    ] satisfies Activity[])
  })

  test('may set memory and time apart', () => {
    const { host, phases } = scaled('{ memory: 64, time: 6 }')
    assert.deepEqual([host.frames, phases[0]?.seconds], [65_536, 1050])
    assert.equal(scaled('{ memory: 64 }').phases[0]?.seconds, 6300)
  })

  for (const [written, factor] of [
    ['{ memory: 1, time: 128 }', 128],
    ['{ memory: 8, time: 2 }', 0.25],
    ['3', 1],
    ['{ memory: 7, time: 7 }', 1],
  ] as const) {
    test(`${written}: keeps the rate of each page in scenario time, so rates are times ${factor}`, () => {
      const { guests, scanner, host, phases } = scaled(written)
      assert.deepEqual(
        guests[0]?.activities[0]?.slice(1).map((activity) => activity.do !== 'busy' && activity.pace),
        [
          { kind: 'rate', perSecond: 1000 * factor },
          { kind: 'closed', threads: 4, thinkSeconds: 0.001 / factor },
        ],
      )
      const [{ ShareScanGHz, ShareRateMax, ShareScanTimeSeconds }] = scanner.rates as [TpsRates]
      assert.deepEqual([ShareScanGHz, ShareRateMax], [4 * factor, 7 * factor])
      const passes = phases[0]!.seconds / ShareScanTimeSeconds
      assert.ok(Math.abs(passes - 105 / 60) < 1e-9, `${passes} passes in the phase`)
      assert.equal(host.stallLimitSeconds, 5)
    })
  }

  test('rounds memory down to pages', () => {
    assert.equal(scaled('3').guests[0]?.pages, Math.floor(2 ** 21 / 3))
  })

  test('* means every item of a list', () => {
    const { guests } = loadScenario('case-study', {
      set: ['guests.*.memory=4GiB', 'guests.1.memory=2GiB', 'guests.*.image=[]', 'guests.*.workload={}'],
    }).scenario
    assert.deepEqual(
      guests!.map(({ memory }) => memory / 2 ** 30),
      [4, 2, 4, 4],
    )
    const { image } = loadScenario('case-study', { set: ['guests.*.image.*.size=512MiB'] }).scenario
      .guests![3]!
    assert.deepEqual(
      image.map(({ size }) => size),
      Array(5).fill({ bytes: 2 ** 29 }),
    )
  })

  test('one of the two can be set where the file has one number for both', () => {
    const scaleOf = (...set: string[]) => loadScenario('case-study', { set }).plan.scale
    assert.deepEqual(scaleOf(), { memory: 128, time: 128 })
    assert.deepEqual(scaleOf('scale.memory=64'), { memory: 64, time: 128 })
    assert.deepEqual(scaleOf('scale.time=64'), { memory: 128, time: 64 })
    assert.deepEqual(scaleOf('scale.memory=1', 'scale.time=100'), { memory: 1, time: 100 })
    assert.deepEqual(scaleOf('scale=32', 'scale.time=6'), { memory: 32, time: 6 })
    assert.deepEqual(scaleOf('scale.time=6', 'scale=32'), { memory: 32, time: 32 })
    assert.deepEqual(scaleOf('scale={memory: 8}', 'scale.time=6'), { memory: 8, time: 6 })
  })
})

describe('an image', () => {
  const ranges = (guest: GuestPlan) =>
    guest.image.map(({ class: kind, first, pages }) => [kind, first, pages])

  test('lies in the guest’s memory from PPN 0 on, extent by extent; `rest` takes what is left', () => {
    const guest = guestPlan(
      '{class: common, size: 10%}, {class: zero, size: rest}, {class: private, size: 400KiB}',
    )
    assert.deepEqual(ranges(guest), [
      ['common', 0, 100],
      ['zero', 100, 800],
      ['private', 900, 100],
    ])
  })

  test('leaves out a rest of nothing', () => {
    const guest = guestPlan('{class: common, size: 100%}, {class: zero, size: rest}')
    assert.deepEqual(ranges(guest), [['common', 0, 1000]])
  })

  test('takes percentages exactly, rounded down to pages', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 10_000 }), (hundredths) => {
        const [extent] = guestPlan(`{class: private, size: ${hundredths / 100}%}`).image
        assert.equal(extent?.pages, Math.floor(hundredths / 10))
      }),
      { numRuns: 50 },
    )
  })
})

describe('where an activity works', () => {
  const image = '{class: common, size: 10%}, {class: private, size: 20%}, {class: common, size: 10%}'
  const rangesOf = (where: string) => {
    const [activity] = guestPlan(image, `{do: zero, where: ${where}, rate: 1/s}`).activities[0]!
    assert(activity?.do === 'zero')
    return activity.ranges
  }

  test('a class: all its extents', () => {
    assert.deepEqual(rangesOf('common'), [
      { first: 0, pages: 100 },
      { first: 300, pages: 100 },
    ])
  })
  test('all: each page, those that boot never touches too', () => {
    assert.deepEqual(rangesOf('all'), [{ first: 0, pages: 1000 }])
  })
  test('a portion: so much at the top', () => {
    assert.deepEqual(rangesOf('25%'), [{ first: 750, pages: 250 }])
    assert.deepEqual(rangesOf('8KiB'), [{ first: 998, pages: 2 }])
    assert.deepEqual(rangesOf('100%'), [{ first: 0, pages: 1000 }])
  })
})

describe('content numbers', () => {
  const extent = (kind: 'zero' | 'common' | 'duplicated' | 'private', pages: number, copies = 1) => ({
    class: kind,
    first: 0,
    pages,
    copies,
  })
  const numbered = (guests: Parameters<typeof numberContents>[0]) => {
    const { images, contents } = numberContents(guests)
    return {
      ranges: images.map((image) => image.map(({ firstContent, contents }) => [firstContent, contents])),
      contents,
    }
  }

  test('are the same for the common pages of guests with the same system, however many each has', () => {
    const guests = [
      { os: 'a', extents: [extent('common', 10)] },
      { os: 'b', extents: [extent('common', 5)] },
      { os: 'a', extents: [extent('common', 8), extent('zero', 3), extent('common', 12)] },
    ]
    assert.deepEqual(numbered(guests), {
      ranges: [
        [[1, 10]],
        [[21, 5]],
        [
          [1, 8],
          [0, 0],
          [9, 12],
        ],
      ],
      contents: 26,
    })
  })

  test('of duplicated pages belong to one guest, one number for so many copies', () => {
    const guests = [
      { os: 'a', extents: [extent('duplicated', 10, 4), extent('duplicated', 2, 2)] },
      { os: 'a', extents: [extent('private', 7), extent('duplicated', 10, 4)] },
    ]
    assert.deepEqual(numbered(guests), {
      ranges: [
        [
          [1, 3],
          [4, 1],
        ],
        [
          [0, 0],
          [5, 3],
        ],
      ],
      contents: 8,
    })
  })

  test('are all used, and no two ranges overlap but those of one system', () => {
    const kinds = fc.constantFrom('zero', 'common', 'duplicated', 'private')
    const extents = fc.array(
      fc.record({
        class: kinds,
        pages: fc.integer({ min: 1, max: 50 }),
        copies: fc.integer({ min: 2, max: 9 }),
      }),
    )
    const guests = fc.array(fc.record({ os: fc.constantFrom('a', 'b'), extents }))
    fc.assert(
      fc.property(guests, (described) => {
        const given = described.map(({ os, extents }) => ({
          os,
          extents: extents.map((item) => ({
            ...item,
            first: 0,
            copies: item.class === 'duplicated' ? item.copies : 1,
          })),
        }))
        const { images, contents } = numberContents(given)
        const owners = new Map<number, string>([[0, 'zero']])
        for (const [guest, image] of images.entries()) {
          for (const [index, { class: kind, firstContent, contents: count }] of image.entries()) {
            const owner = kind === 'common' ? given[guest]!.os : `${guest} ${index}`
            for (let content = firstContent; content < firstContent + count; content++) {
              assert.equal(owners.get(content) ?? owner, owner, `content ${content}`)
              owners.set(content, owner)
            }
          }
        }
        assert.equal(owners.size, contents)
      }),
    )
  })
})

describe('phases', () => {
  const planned = (phases: string) =>
    plan(
      `host: { memory: 1MiB }\nguests: [{ name: a, memory: 4KiB }]\nphases: [${phases}]\nscanner: { unthrottled: true }\n`,
    )

  test('end by time, by scan passes, or when nothing more is found, 60 min at the latest', () => {
    const { phases } = planned(
      '{name: a, until: settled}, {name: b, until: {passes: 2}, limit: 2h}, {name: c, duration: 90s}',
    )
    assert.deepEqual(
      phases.map(({ ends, seconds }) => [ends, seconds]),
      [
        [{ when: 'settled' }, 3600],
        [{ when: 'passes', passes: 2 }, 7200],
        [{ when: 'time' }, 90],
      ],
    )
  })

  test('override the scanner’s rates one by one', () => {
    const { scanner } = planned(
      '{name: a, duration: 1s, scanner: {unthrottled: false}}, {name: b, duration: 1s, scanner: {ShareScanTime: 10}}',
    )
    const others = { ShareScanGHz: 4, ShareRateMax: 1024 }
    assert.deepEqual(scanner.rates, [
      { unthrottled: false, ShareScanTimeSeconds: 3600, ...others },
      { unthrottled: true, ShareScanTimeSeconds: 600, ...others },
    ])
  })

  test('may state their start, counted from the last until phase before', () => {
    const { phases } = planned(
      '{name: a, start: 0s, duration: 0.1s}, {name: b, start: 100ms, duration: 0.2s}, {name: c, start: 300ms, until: settled}, {name: d, start: 0s, duration: 1s}, {name: e, start: 1s, duration: 1s}',
    )
    assert.equal(phases.length, 5)
  })
})

describe('units', () => {
  test('are read to whole bytes and microseconds', () => {
    assert.deepEqual(['6.5GiB', '64MiB', '4KiB', '1TiB', '10B', '0.3B'].map(parseSize), [
      6.5 * 2 ** 30,
      2 ** 26,
      4096,
      2 ** 40,
      10,
      0,
    ])
    assert.deepEqual(
      ['60min', '90s', '500ms', '2h', '0.1s', '0.001ms'].map(parseDuration),
      [3600, 90, 0.5, 7200, 0.1, 0.000001],
    )
  })
  test('are written so that they are read as the same number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (bytes) =>
        assert.equal(parseSize(formatSize(bytes)), bytes),
      ),
    )
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 * 24 * 3600e6 }), (us) =>
        assert.equal(parseDuration(formatDuration(us / 1e6)), us / 1e6),
      ),
    )
  })
  test('are written as people would', () => {
    assert.deepEqual([6.5 * 2 ** 30, 2 ** 26, 4096, 4097, 0].map(formatSize), [
      '6.5GiB',
      '64MiB',
      '4KiB',
      '4097B',
      '0B',
    ])
    assert.deepEqual([3600, 90, 0.5, 0.001, 0].map(formatDuration), ['60min', '90s', '500ms', '1ms', '0s'])
  })
})
