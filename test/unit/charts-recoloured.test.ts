import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { recoloured } from '../../src/charts/recoloured.js'
import { DARK, LIGHT } from '../../src/charts/theme.js'

const FIGURES = fileURLToPath(new URL('../../../results/findings/starvation/figures/', import.meta.url))

test('however a colour is written, it is replaced by that of the other theme', () => {
  const dark = (svg: string) => recoloured(svg, LIGHT, DARK)
  assert.equal(dark('<rect fill="#FFFFFF"/>'), `<rect fill="${DARK.background}"/>`)
  assert.equal(dark('<rect fill="#ffffff"/>'), `<rect fill="${DARK.background}"/>`)
  assert.equal(dark('<text fill="#000" x="1">'), `<text fill="${DARK.text}" x="1">`)
  assert.equal(dark('<path stroke="rgb(0,0,0)"/>'), `<path stroke="${DARK.text}"/>`)
  assert.equal(dark('.a{fill:#666666;}'), `.a{fill:${DARK.muted};}`)
})

test('greys of no theme are turned round; colours, and what is no colour, stay', () => {
  assert.equal(recoloured('<path stroke="#3c3c41"/>', LIGHT, DARK), '<path stroke="rgb(195,195,190)"/>')
  for (const svg of [
    `<path fill="${LIGHT.series[0]}"/>`,
    '<path fill="none"/>',
    '<text>fill #000000</text>',
  ]) {
    assert.equal(recoloured(svg, LIGHT, DARK), svg)
  }
})

test('a figure of a study has no dark ink left, and all else as it was', () => {
  const light = readFileSync(`${FIGURES}captured-curve.svg`, 'utf8')
  const dark = recoloured(light, LIGHT, DARK)
  assert.match(light, /fill="#000/)
  assert.doesNotMatch(dark, /(fill|stroke)="(#000|#FFF|rgb\(0,0,0\))/i)
  const without = (svg: string) => svg.replace(/(fill|stroke)="[^"]*"/g, '')
  assert.equal(without(dark), without(light))
})
