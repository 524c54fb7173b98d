/** A chart that is a picture already, on another background. */
import type { Theme } from './theme.js'

/** What differs between a light and a dark chart; those of series are the same on both. */
const COLOURS = ['background', 'text', 'muted', 'grid', 'line'] as const

/** How far apart the channels of a grey are at most: greys that are no theme's, but the library's own, are turned round. */
const GREY_MAX = 8

/** Where an SVG's element or style has a colour: 3 or 6 digits, or red, green and blue. */
const PAINT = /(?<=(?:fill|stroke)(?:="|:))(?:#[\da-f]{6}|#[\da-f]{3}|rgb\(\d+,\d+,\d+\))(?=["; }])/gi

/** @returns the SVG with each colour of the one theme replaced by what the other has in its place */
export function recoloured(svg: string, from: Theme, to: Theme): string {
  const replacements = new Map(COLOURS.map((name) => [channels(from[name]), to[name]]))
  return svg.replace(PAINT, (paint) => replacements.get(channels(paint)) ?? turnedRound(paint))
}

function turnedRound(paint: string): string {
  const rgb = channels(paint).split(',').map(Number)
  if (Math.max(...rgb) - Math.min(...rgb) > GREY_MAX) return paint
  return `rgb(${rgb.map((channel) => 255 - channel).join(',')})`
}

/** Red, green and blue, however they are written. */
function channels(paint: string): string {
  if (paint.startsWith('rgb')) return paint.slice(4, -1)
  const digits = paint.length === 4 ? paint.replace(/[^#]/g, '$&$&') : paint
  return [1, 3, 5].map((place) => Number.parseInt(digits.slice(place, place + 2), 16)).join(',')
}
