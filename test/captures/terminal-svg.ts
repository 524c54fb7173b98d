/** A terminal's screen as SVG: from the bytes that a program wrote, letter by letter, with its colours. */
import { newTerminal, play, type Size, type Terminal } from '../support/pseudo-terminal.js'

const CELL_WIDTH_PX = 8.4
const LINE_HEIGHT_PX = 19
const FONT_SIZE_PX = 14
const MARGIN_PX = 16

const BACKGROUND = '#16181d'
const FOREGROUND = '#d8dee9'
const DIM = '#9aa3b2'
/** By the number of the colour. */
const PALETTE: Record<number, string> = { 2: '#7fd8a5', 3: '#f2c14e' }

/** What one screen got, and what to write above it. */
export interface Capture {
  command: string
  output: string
}

/** The screens one below the other, each below the command that it is of. */
export async function terminalSvg(
  captures: readonly Capture[],
  size: Size,
  text: { title: string; description: string },
): Promise<string> {
  const { columns = 80 } = size
  const screens = await Promise.all(captures.map((capture) => linesOf(capture, size)))
  const lines = screens.flatMap((screen, index) => (index === 0 ? screen : ['', '', ...screen]))
  const width = 2 * MARGIN_PX + Math.ceil(columns * CELL_WIDTH_PX)
  const height = 2 * MARGIN_PX + lines.length * LINE_HEIGHT_PX
  const rows = lines.map((line, row) =>
    line === ''
      ? ''
      : `<g transform="translate(${MARGIN_PX} ${MARGIN_PX + (row + 0.75) * LINE_HEIGHT_PX})">${line}</g>\n`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${FONT_SIZE_PX}">\n`,
    `<title>${escaped(text.title)}</title><desc>${escaped(text.description)}</desc>\n`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>\n`,
    ...rows,
    '</svg>\n',
  ].join('')
}

async function linesOf({ command, output }: Capture, size: Size): Promise<string[]> {
  const terminal = newTerminal(size)
  await play(terminal, `$ ${command}\r\n${output}`)
  const { active } = terminal.buffer
  const lines = Array.from({ length: active.length }, (_, line) => runsOf(terminal, line))
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1)
}

/** A line as pieces of one look each, at the column where they begin and as wide as their letters are here. */
function runsOf(terminal: Terminal, line: number): string {
  const row = terminal.buffer.active.getLine(line)!
  const runs: { column: number; columns: number; look: string; text: string }[] = []
  for (let column = 0; column < row.length; column++) {
    const cell = row.getCell(column)!
    if (cell.getWidth() === 0) continue
    const colour = cell.isFgPalette() ? PALETTE[cell.getFgColor()] : undefined
    const look = `fill="${colour ?? (cell.isDim() ? DIM : FOREGROUND)}"${cell.isBold() ? ' font-weight="bold"' : ''}`
    const last = runs.at(-1)
    const text = cell.getChars() || ' '
    if (last?.look === look) {
      last.text += text
      last.columns += cell.getWidth()
    } else runs.push({ column, columns: cell.getWidth(), look, text })
  }
  const pieces = runs.map(({ column, columns, look, text }) => {
    const shown = text.trimEnd()
    if (shown === '') return ''
    const length = ((columns - (text.length - shown.length)) * CELL_WIDTH_PX).toFixed(1)
    const x = (column * CELL_WIDTH_PX).toFixed(1)
    return `<text x="${x}" textLength="${length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve" ${look}>${escaped(shown)}</text>`
  })
  return pieces.join('')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
