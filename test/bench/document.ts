/**
 * Writes a run into docs/performance.md and its chart: `node dist/test/bench/document.js bench.json`, with what
 * `npm run -s bench -- --json` printed on this machine.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EXIT, messageOf } from '../../src/errors.js'
import { metric } from '../../src/report/table.js'
import { renderRatios } from './chart.js'
import type { Figure } from './measure.js'
import { machineText, spreadText } from './report.js'

const DOCS = new URL('../../../docs/', import.meta.url)
const PAGE = fileURLToPath(new URL('performance.md', DOCS))
const CHART = fileURLToPath(new URL('figures/performance.svg', DOCS))
const BEGIN = '<!-- run: begin -->'
const END = '<!-- run: end -->'

function document(file: string): void {
  const figures = JSON.parse(readFileSync(file, 'utf8')) as Figure[]
  const date = statSync(file).mtime.toLocaleDateString('en-GB', { dateStyle: 'long' })
  const page = readFileSync(PAGE, 'utf8')
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (before < 0 || after < before) throw new Error(`${PAGE} has no place for a run`)
  const run = [
    BEGIN,
    `${date}: ${machineText()}.`,
    '![The ratios](figures/performance.svg)',
    tableOf(figures),
  ]
  writeFileSync(PAGE, `${page.slice(0, before)}${run.join('\n\n')}\n\n${page.slice(after)}`)
  writeFileSync(CHART, renderRatios(figures))
}

function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { name, value, unit, reference, referenceValue, ratio } = figure
    const compared =
      ratio === null
        ? ['', '', '', '']
        : [reference!, metric(referenceValue!), ratio.toFixed(2), spreadText(figure)]
    return `| \`${name}\` | ${[`${metric(value)} ${unit}`, ...compared].join(' | ')} |`
  })
  return [
    '| figure | value | reference | its value | ratio | min–max |',
    '| --- | ---: | --- | ---: | ---: | ---: |',
    ...rows,
  ].join('\n')
}

const [file] = process.argv.slice(2)
try {
  if (file === undefined) throw new Error('expected a file with the output of npm run -s bench -- --json')
  document(file)
} catch (error) {
  process.stderr.write(`document: ${messageOf(error)}\n`)
  process.exitCode = EXIT.usage
}
