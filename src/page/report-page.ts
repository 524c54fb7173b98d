/** report.html: draws the charts of the runs that the page holds, and has them zoomed together. */
import { chartsOf } from '../charts/charts.js'
import type { RunView } from '../charts/run-view.js'
import { Appearance } from './appearance.js'
import { ChartsView } from './charts-view.js'

const runs = JSON.parse(document.getElementById('runs')!.textContent) as RunView[]
const views = runs.map(
  (_, index) => new ChartsView((name) => document.querySelector(`#run-${index} [data-chart="${name}"]`)),
)
const appearance = new Appearance(document.querySelector<HTMLButtonElement>('#appearance')!, drawAll)
drawAll()

for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-from]')) {
  const { run, from, to } = button.dataset
  button.addEventListener('click', () => views[Number(run)]!.zoom(Number(from), Number(to)))
}

function drawAll(): void {
  const theme = appearance.theme()
  for (const [index, run] of runs.entries()) views[index]!.draw(chartsOf(run, theme), theme)
}
