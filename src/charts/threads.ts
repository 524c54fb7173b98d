/** What threads did with their time: those of the guests together, of the scanners together, and of the reclaimer. */
import type { Curve, CurveChart, CurvePanel } from './curves.js'
import { growthOf } from './rates.js'
import type { RunView } from './run-view.js'
import { plain } from './text.js'
import type { Theme } from './theme.js'
import { summed } from './values.js'

const STATES: readonly { name: string; column: string; colour: (theme: Theme) => string }[] = [
  { name: 'on a processor', column: 'cpuSeconds', colour: ({ series }) => series[0]! },
  { name: 'waiting for one', column: 'waitingSeconds', colour: ({ series }) => series[5]! },
  { name: 'asleep', column: 'asleepSeconds', colour: ({ grid }) => grid },
]
const PANEL_HEIGHT_PX = 110

export function threadsChart(run: RunView): CurveChart {
  const groups = groupsOf(run).map(({ title, threads }) => ({ title, bands: bandsOf(run, threads) }))
  return {
    name: 'threads',
    title: 'what threads did with their time',
    subtext: 'parts of the time between two samples, by the kernel’s account',
    panels: groups.map(
      ({ title, bands }): CurvePanel => ({
        title,
        bands,
        lines: [],
        isOfIntervals: true,
        scale: { name: '%', range: { min: 0, max: 100, interval: 50 } },
        heightPx: PANEL_HEIGHT_PX,
      }),
    ),
    told: {
      about: 'What threads did with their time: on a processor, waiting for one, or else asleep.',
      curves: groups.flatMap(({ title, bands }) =>
        bands.slice(0, 2).map(({ name, values }) => ({ name: `${title} ${name}`, values })),
      ),
      isOfIntervals: true,
    },
    format: (value) => `${plain(value)} %`,
  }
}

/** Guests come first, then the scanners, and in the lab the reclaimer. */
function groupsOf({ guests, threads }: RunView): { title: string; threads: string[] }[] {
  const others = threads.slice(guests.length)
  const scanners = others.filter((name) => name.startsWith('scanner'))
  return [
    {
      title: guests.length === 1 ? 'guest' : `guests, mean of ${guests.length}`,
      threads: threads.slice(0, guests.length),
    },
    { title: scanners.length === 1 ? 'scanner' : `scanners, mean of ${scanners.length}`, threads: scanners },
    { title: 'reclaimer', threads: others.filter((name) => name === 'reclaimer') },
  ].filter(({ threads }) => threads.length > 0)
}

/** In percent of all threads' time. */
function bandsOf({ series }: RunView, threads: readonly string[]): Curve[] {
  const seconds = STATES.map(({ column }) =>
    summed(threads.map((thread) => growthOf(series, `${column}.${thread}`))),
  )
  const whole = summed(seconds)
  return STATES.map(({ name, colour }, state) => ({
    name,
    colour,
    values: whole.map((all, sample) => {
      const own = seconds[state]![sample] ?? null
      return all === null || own === null || all <= 0 ? null : (100 * own) / all
    }),
  }))
}
