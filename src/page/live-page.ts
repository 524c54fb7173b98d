/**
 * The live page: what the server tells of a run, event by event, becomes charts, a table and figures; what is asked of the
 * controls is sent to it. The page keeps nothing: loaded anew it hears everything again, and after a lost connection the
 * browser asks for what it has missed.
 */
import { chartsOf } from '../charts/charts.js'
import { column } from '../charts/run-view.js'
import { compact, plain } from '../charts/text.js'
import { thinRun } from '../charts/thin-run.js'
import type { Change, ControlName, RecordedChange } from '../experiment/change.js'
import type { Progress, RunEnd, RunFacts, SampleEvent } from '../live/events.js'
import { memoryUnit, pagesToMiB, timeUnit } from '../report/units.js'
import { Appearance } from './appearance.js'
import { ChartsView } from './charts-view.js'
import { LiveRun } from './live-run.js'

/** Charts are drawn as often at most, and take so small a part of the time at most. */
const DRAW_MS = 500
const DRAW_PART = 0.2
/** As in a report: more samples than a chart has pixels across are not drawn. */
const SAMPLES_MAX = 1500
const LOADS = [0, 0.5, 1, 2, 4]

const token = new URLSearchParams(location.search).get('token') ?? ''
const element = <Element extends HTMLElement>(id: string) => document.getElementById(id) as Element

let run: LiveRun | undefined
let isPaused = false
let isOver = false
let drawTimer: number | undefined
let drawnAtMs = 0
let drawMs = 0

const view = new ChartsView(placeOf)
const appearance = new Appearance(element<HTMLButtonElement>('appearance'), drawSoon)
const source = new EventSource(`/events?token=${encodeURIComponent(token)}`)

/** What the server tells, by name. */
on<RunFacts>('run', (facts) => {
  run = new LiveRun(facts)
  element('about').textContent = aboutOf(facts)
  prepareControls(facts)
})
on<SampleEvent>('sample', (sample) => {
  run?.take(sample)
  drawSoon()
})
on<Progress>('progress', showWhere)
on<RecordedChange>('change', showChange)
on<RunEnd>('end', (end) => {
  isOver = true
  source.close()
  run?.end(end.latencies)
  show('ended', end.state === 'failed' ? 'failed' : 'ended')
  for (const control of document.querySelectorAll<HTMLButtonElement>('#controls button, #controls input')) {
    control.disabled = true
  }
  element('end').hidden = false
  element('end-state').textContent = [`It is ${end.state}.`, ...end.messages].join(' ')
  element('end-table').textContent = end.table
  drawSoon()
})
source.onopen = () => show('live', 'live')
source.onerror = () => {
  if (isOver) return
  if (source.readyState === EventSource.CLOSED)
    show('ended', 'no connection: the run is over, or the token is not its')
  else show('reconnecting', 'reconnecting')
}
document.addEventListener('visibilitychange', drawSoon)

function on<Data>(name: string, take: (data: Data) => void): void {
  source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as Data))
}

function show(state: string, text: string): void {
  const pill = element('connection')
  if (pill.textContent === text) return
  pill.className = `pill ${state}`
  pill.textContent = text
}

function aboutOf({ seed, guests, policy, engine, backend, scale }: RunFacts): string {
  return [
    `Seed ${seed}`,
    `${guests.length} ${guests.length === 1 ? 'guest' : 'guests'}`,
    `policy ${policy}`,
    backend === 'lab' ? `engine ${engine}` : `backend ${backend}`,
    `1/${scale.memory} of the memory and 1/${scale.time} of the time; figures are at full size`,
  ].join(' · ')
}

/** Draws when there is time, if anybody looks. */
function drawSoon(): void {
  if (run === undefined || drawTimer !== undefined || document.hidden) return
  const restMs = Math.max(DRAW_MS, drawMs / DRAW_PART)
  const waitMs = isOver ? 0 : Math.max(0, drawnAtMs + restMs - performance.now())
  drawTimer = setTimeout(draw, waitMs)
}

function draw(): void {
  drawTimer = undefined
  if (run === undefined || run.series.timeSeconds.length === 0) return
  const startMs = performance.now()
  const theme = appearance.theme()
  const { series } = run
  showWhere({ phase: series.phase.at(-1)!, timeSeconds: series.timeSeconds.at(-1)! })
  showFigures(run)
  const charts = chartsOf(thinRun(run.view(), SAMPLES_MAX), theme)
  for (const { name, title, text } of charts) {
    const place = placeOf(name)
    place.setAttribute('aria-label', title)
    const caption = place.closest('figure')!.querySelector('figcaption span')!
    if (caption.textContent !== text) caption.textContent = text
  }
  view.draw(charts, theme)
  drawnAtMs = performance.now()
  drawMs = drawnAtMs - startMs
}

function placeOf(name: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`[data-chart="${name}"]`)
  if (found !== null) return found
  const place = made('div', { role: 'img' })
  place.dataset.chart = name
  const scroll = made(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `chart ${name}` },
    place,
  )
  const words = made('details', {}, made('summary', {}, 'In words'), made('span', {}))
  const figcaption = made('figcaption', {}, words)
  const figure = made('figure', {}, scroll, figcaption)
  element('charts').append(figure)
  return place
}

function made(name: string, attributes: Record<string, string>, ...children: (Node | string)[]): HTMLElement {
  const node = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  node.append(...children)
  return node
}

function plannedSeconds({ phases }: RunFacts): number {
  return phases.filter(({ measured }) => measured).reduce((sum, { seconds }) => sum + seconds, 0)
}

function showWhere({ phase, timeSeconds }: Progress): void {
  if (run === undefined) return
  const planned = plannedSeconds(run.facts)
  const time = timeUnit(planned)
  const [at, of] = [timeSeconds, planned].map((seconds) => (seconds / time.size).toFixed(1))
  const paused = isPaused && !isOver ? ', paused' : ''
  element('where').textContent = `Phase ${phase}, ${at} of about ${of} ${time.name}${paused}`
  element<HTMLProgressElement>('progress').value = isOver ? 1 : Math.min(1, timeSeconds / planned)
}

/** Pages of the scaled run, as memory at full size. */
function memory(pages: number | null | undefined): string {
  if (run === undefined || pages === null || pages === undefined) return '–'
  const mib = pagesToMiB(pages) * run.facts.scale.memory
  const unit = memoryUnit(mib)
  return `${(mib / unit.size).toFixed(mib / unit.size < 100 ? 2 : 0)} ${unit.name}`
}

function showFigures(shown: LiveRun): void {
  const { series, facts } = shown
  const last = (name: string) => column(series, name).at(-1) ?? null
  const before = (name: string) => column(series, name).at(-2) ?? null
  const seconds = (series.timeSeconds.at(-1) ?? 0) - (series.timeSeconds.at(-2) ?? 0)
  const growth = (name: string) => {
    const [to, from] = [last(name), before(name)]
    return to === null || from === null || seconds <= 0 ? null : to - from
  }
  const rate = (name: string) => {
    const grown = growth(name)
    return grown === null ? '–' : `${compact((grown * facts.scale.memory) / seconds)}/s`
  }
  const part = (name: string) => {
    const grown = growth(name)
    return grown === null ? '–' : `${((100 * grown * facts.scale.time) / seconds).toFixed(1)} %`
  }
  const capture = last('captureRatio')
  const captured = capture === null ? '–' : `${(100 * capture).toFixed(1)} %`
  list('tiles', [
    ['shared', memory(last('sharedPages'))],
    ['saved', memory(last('savedPages'))],
    ['opportunity', memory(last('opportunityPages'))],
    ['captured', captured],
    ['footprint', memory(last('footprintPages'))],
    ['swapped', memory(last('swappedPages'))],
    ['CoW faults', rate('cowFaults')],
    ['stores', rate('stores')],
  ])
  list('scanner', [
    ['pages asked for', rate('pagesAsked')],
    ['pages scanned', rate('scannedPages')],
    ['on a processor', part('scannerCpuSeconds')],
    ['waiting for one', part('scannerWaitingSeconds')],
    ['merges', rate('merges')],
    ['passes', plain(last('passes') ?? 0)],
    ['captured', captured],
    ['opportunity', memory(last('opportunityPages'))],
  ])
  showGuests(shown, seconds)
}

function list(id: string, entries: readonly (readonly [string, string])[]): void {
  const place = element(id)
  entries.forEach(([name, value], index) => {
    const entry =
      place.children[index] ?? place.appendChild(made('div', {}, made('dt', {}, name), made('dd', {})))
    entry.lastElementChild!.textContent = value
  })
}

function showGuests({ facts, series, guests, guestsBefore }: LiveRun, seconds: number): void {
  const hasHints = facts.policy === 'tps'
  const names = ['guest', 'MEMSZ', 'SHRD', 'SHRDSVD', 'ZERO', ...(hasHints ? ['COWH'] : []), 'SWAP', 'CoW/s']
  const mib = (pages: number | null | undefined) =>
    pages === null || pages === undefined ? '–' : (pagesToMiB(pages) * facts.scale.memory).toFixed(1)
  const rows = facts.guests.map(({ name, pages }, index) => {
    const last = (counter: string) => mib(column(series, `${counter}.${name}`).at(-1))
    const faults = guests[index]!.cowFaults - (guestsBefore[index]?.cowFaults ?? guests[index]!.cowFaults)
    return [
      name,
      mib(pages),
      last('sharedPages'),
      last('savedPages'),
      last('zeroPages'),
      ...(hasHints ? [last('cowHintPages')] : []),
      mib(guests[index]!.swappedPages),
      seconds > 0 ? compact((faults * facts.scale.memory) / seconds) : '–',
    ]
  })
  const [head, body] = [...element('guests').children] as [HTMLElement, HTMLElement]
  if (head.children.length === 0) {
    head.append(made('tr', {}, ...names.map((name) => made('th', { scope: 'col' }, name))))
    for (const [name] of rows) {
      const cells = names.slice(1).map(() => made('td', {}))
      body.append(made('tr', {}, made('th', { scope: 'row' }, name!), ...cells))
    }
  }
  rows.forEach((cells, row) => {
    cells.forEach((text, cell) => {
      const place = body.children[row]!.children[cell]!
      if (place.textContent !== text) place.textContent = text
    })
  })
}

/** What each control is set to, as the run has it. */
function showChange(change: RecordedChange): void {
  const changes = element('changes')
  if (changes.dataset.begun === undefined) changes.replaceChildren()
  changes.dataset.begun = 'yes'
  const time = timeUnit(plannedSeconds(run!.facts))
  const at = `${(change.timeSeconds / time.size).toFixed(1)} ${time.name}`
  changes.append(made('li', {}, `at ${at}: ${wordsFor(change)}`))
  if (change.control === 'pause') {
    isPaused = change.value
    element('pause').setAttribute('aria-pressed', String(isPaused))
    element('pause').textContent = isPaused ? 'Go on' : 'Pause'
  }
  if (change.control === 'load') pressLoad(change.value)
  if (change.control === 'nice') element<HTMLInputElement>('nice-value').value = String(change.value)
  if (change.control === 'scanRate' || change.control === 'pages_to_scan') pressScan(change.value)
}

function wordsFor(change: Change): string {
  const { control, value } = change
  if (control === 'pause') return value ? 'paused' : 'went on'
  if (control === 'stop') return 'stopped'
  if (control === 'load') return `guests’ load × ${value}`
  if (control === 'nice') return `scanner’s niceness ${value}`
  if (value === null) return 'scan rate as planned'
  if (value === 'unthrottled') return 'scan rate unthrottled'
  return control === 'scanRate' ? `scan rate ${plain(value)} pages/s` : `pages_to_scan ${value}`
}

function pressLoad(load: number): void {
  for (const button of element('load').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(Number(button.value) === load))
  }
}

function pressScan(value: number | 'unthrottled' | null): void {
  const pressed = value === null ? 'planned' : value === 0 ? 'none' : value === 'unthrottled' ? value : 'set'
  for (const name of ['set', 'none', 'unthrottled', 'planned']) {
    element(`scan-${name}`).setAttribute('aria-pressed', String(name === pressed))
  }
  if (typeof value === 'number') element<HTMLInputElement>('scan-value').value = String(value)
}

function prepareControls({ policy, refusals }: RunFacts): void {
  const rateControl = policy === 'tps' ? ('scanRate' as const) : ('pages_to_scan' as const)
  const onClick = (id: string, action: () => void) => {
    element<HTMLButtonElement>(id).onclick = action
  }
  const numberIn = (id: string) => {
    const input = element<HTMLInputElement>(id)
    return input.reportValidity() ? Number(input.value) : undefined
  }
  element('scan-unit').textContent = policy === 'tps' ? 'pages/s' : 'pages_to_scan'
  element('scan-unthrottled').hidden = policy === 'ksm'
  element('load').append(
    ...(element('load').childElementCount > 1 ? [] : LOADS.map((load) => loadButton(load))),
  )
  onClick('pause', () => ask({ control: 'pause', value: !isPaused }))
  onClick('stop', () => {
    if (confirm('Stop the run? It ends with its results so far.')) ask({ control: 'stop', value: true })
  })
  onClick('scan-set', () => {
    const value = numberIn('scan-value')
    if (value !== undefined) ask({ control: rateControl, value })
  })
  onClick('scan-none', () => ask({ control: rateControl, value: 0 }))
  onClick('scan-unthrottled', () => ask({ control: 'scanRate', value: 'unthrottled' }))
  onClick('scan-planned', () => ask({ control: rateControl, value: null }))
  onClick('nice-set', () => {
    const value = numberIn('nice-value')
    if (value !== undefined) ask({ control: 'nice', value })
  })
  pressLoad(1)
  pressScan(null)
  refuse(refusals, {
    pause: ['pause'],
    [rateControl]: ['scan'],
    load: ['load'],
    nice: ['nice'],
    stop: ['stop'],
  })
}

function loadButton(load: number): HTMLElement {
  const button = made('button', { type: 'button', value: String(load) }, `× ${load}`)
  button.onclick = () => ask({ control: 'load', value: load })
  return button
}

/** Controls that do nothing in this run can't be used, and say why. */
function refuse(refusals: RunFacts['refusals'], elements: Partial<Record<ControlName, string[]>>): void {
  for (const [control, ids] of Object.entries(elements)) {
    const why = refusals[control as ControlName]
    if (why === undefined) continue
    for (const id of ids) {
      const place = element<HTMLButtonElement | HTMLFieldSetElement>(id)
      place.disabled = true
      place.title = why
    }
    element('answer').textContent = why
  }
}

async function ask(change: Change): Promise<void> {
  try {
    const response = await fetch('/control', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify(change),
    })
    element('answer').textContent = response.ok
      ? `Done: ${wordsFor(change)}.`
      : `Refused: ${await response.text()}`
  } catch {
    element('answer').textContent = 'The run could not be reached.'
  }
}
