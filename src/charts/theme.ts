/** All colours of the charts, on a light and on a dark background. */

export interface Theme {
  background: string
  text: string
  /** Less important text, axes, and the borders of phases. */
  muted: string
  /** Lines at an axis' ticks. */
  grid: string
  /** Over every second phase; the grid still shows through it. */
  shade: string
  /** Of what is one series, for all series beside it. */
  line: string
  /** Okabe and Ito's, which colour-blind readers can tell apart; text and lines have the eighth. */
  series: readonly string[]
  /** From few to many, by lightness first (after cividis, which colour-blind readers see as others do). */
  scale: readonly string[]
}

const OKABE_ITO = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442']

export const LIGHT: Theme = {
  background: '#FFFFFF',
  text: '#000000',
  muted: '#666666',
  grid: '#E4E4E4',
  shade: 'rgba(0,0,0,0.06)',
  line: '#000000',
  series: OKABE_ITO,
  scale: ['#F7E25A', '#CBBA69', '#A09876', '#7A7B78', '#565D6D', '#2F416C', '#00204D'],
}

export const DARK: Theme = {
  background: '#161616',
  text: '#F2F2F2',
  muted: '#A8A8A8',
  grid: '#333333',
  shade: 'rgba(255,255,255,0.08)',
  line: '#F2F2F2',
  series: OKABE_ITO,
  scale: ['#2F4A7E', '#565D6D', '#7A7B78', '#A09876', '#CBBA69', '#EBD65C', '#FFF3A0'],
}
