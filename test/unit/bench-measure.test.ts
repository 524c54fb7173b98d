import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BENCHES, isMeant } from '../bench/benches.js'
import { figureOf, interleave, type Pair, partOf, perSecond, ratiosOf } from '../bench/measure.js'
import { saveablePages } from '../bench/mix.js'
import { bar, figuresText } from '../bench/report.js'

/** A side that notes when it is measured, and counts. */
function side(log: string[], name: string, warmUps: number) {
  let count = 0
  const measure = () => {
    log.push(name)
    return ++count
  }
  return { warmUps, measure }
}

function pairsOf(...values: [number, number | undefined][]): Pair<number, number>[] {
  return values.map(([ours, theirs]) => ({ ours, theirs }))
}

test('both sides are measured in every round, and who goes first alternates', async () => {
  const log: string[] = []
  const pairs = await interleave(3, side(log, 'a', 0), side(log, 'b', 0))
  assert.equal(log.join(''), 'abbaab')
  assert.deepEqual(
    pairs,
    [1, 2, 3].map((round) => ({ ours: round, theirs: round })),
  )
})

test('warm-up rounds come first and do not count', async () => {
  const log: string[] = []
  const pairs = await interleave(2, side(log, 'a', 2), side(log, 'b', 1))
  assert.equal(log.join(''), 'aababba')
  assert.deepEqual(pairs, [
    { ours: 3, theirs: 2 },
    { ours: 4, theirs: 3 },
  ])
})

test('without a reference there is a value and nothing to compare it with', async () => {
  const pairs = await interleave<number, number>(3, side([], 'a', 0), undefined)
  const { value, reference, referenceValue, ratio, rounds } = figureOf('x', 'ms', 'what is not here', pairs)
  assert.deepEqual(
    { value, reference, referenceValue, ratio },
    {
      value: 2,
      reference: null,
      referenceValue: null,
      ratio: null,
    },
  )
  assert.deepEqual(rounds.at(-1), { value: 3, reference: null })
})

test('the ratio is the median of the rounds, not the ratio of the medians', () => {
  const figure = figureOf('x', 'pages/s', 'y', pairsOf([1, 1], [6, 2], [8, 80]))
  assert.deepEqual(ratiosOf(figure), [1, 3, 0.1])
  assert.equal(figure.ratio, 1)
  assert.equal(figure.value, 6)
  assert.equal(figure.referenceValue, 2)
})

test('a rate is ahead when it is higher, a cost when it is lower', () => {
  const pairs = pairsOf([20, 10])
  assert.equal(figureOf('x', 'words/s', 'y', pairs).ratio, 2)
  for (const unit of ['s', 'ns', 'bytes/page']) assert.equal(figureOf('x', unit, 'y', pairs).ratio, 0.5)
})

test('several figures come of the same rounds', () => {
  const pairs = [{ ours: { p50: 1, p99: 5 }, theirs: { p50: 3, p99: 4 } }]
  assert.deepEqual(
    partOf(pairs, ({ p99 }) => p99),
    pairsOf([5, 4]),
  )
  assert.deepEqual(
    partOf([{ ours: 2, theirs: undefined }], (n: number) => 2 * n),
    pairsOf([4, undefined]),
  )
})

test('a rate is per second, of a time in ns', () => {
  assert.equal(perSecond(50, 0.5e9), 100)
})

test('what can be shared is every page but one of each content; what was never touched is no page', () => {
  const guests = [Int32Array.of(1, 1, 0, 2, -1), Int32Array.of(1, 3, 0, 0, -1)]
  assert.equal(saveablePages({ guests, contents: 4 }), 4)
})

test('a bar goes right if we are ahead and left if behind, two characters for each doubling', () => {
  assert.equal(bar(1), '          │')
  assert.equal(bar(4), '          │████')
  assert.equal(bar(0.5), '        ██│')
  assert.equal(bar(1e-9), '██████████│')
})

test('the table shows a value without a reference, too', () => {
  const text = figuresText([
    figureOf('fast', 'pages/s', 'a snail', pairsOf([4, 2])),
    figureOf('large', 'bytes/page', null, pairsOf([32, undefined])),
  ])
  assert.match(text, /^fast +4 +pages\/s +2 +2\.00 +2\.00–2\.00 +│██ +a snail$/m)
  assert.match(text, /^large +32 +bytes\/page +- +- +-$/m)
})

test('a name means itself or its family, and no name has two figures', () => {
  assert.ok(isMeant('store.random', 'store.random') && isMeant('store.random', 'store'))
  assert.ok(!isMeant('store.random', 'stor') && !isMeant('scanners', 'scan'))
  const names = BENCHES.flatMap((bench) => bench.names)
  assert.equal(new Set(names).size, names.length)
})
