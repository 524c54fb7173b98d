/**
 * The Markdown of this program's own reports as HTML: headings, paragraphs, tables, pictures alone in their paragraph, code and
 * emphasis. All else is text, and all text is escaped: names and descriptions in it may be anybody's.
 */
import { escaped } from './html.js'

/** @param figure HTML of the picture with this path; undefined: there is none, and its description stands for it */
export type FigureSource = (path: string, description: string) => string | undefined

export interface Article {
  html: string
  /** Headings of the second level. */
  sections: Section[]
}

export interface Section {
  /** Of its element. */
  id: string
  html: string
}

export function markdownHtml(markdown: string, figure: FigureSource): Article {
  const sections: Section[] = []
  const blocks = markdown.trim().split(/\n{2,}/)
  const html = blocks.map((block) => {
    const [, marks, heading] = HEADING.exec(block) ?? []
    if (marks === undefined) return blockHtml(block, figure)
    const tag = `h${marks.length}`
    if (tag !== 'h2') return `<${tag}>${inlineHtml(heading!)}</${tag}>`
    const section = { id: `section-${sections.length + 1}`, html: inlineHtml(heading!) }
    sections.push(section)
    return `<h2 id="${section.id}">${section.html}</h2>`
  })
  return { html: html.join('\n'), sections }
}

const HEADING = /^(#{1,3}) (.+)$/
const PICTURE = /^!\[(.*)\]\((\S+)\)$/

function blockHtml(block: string, figure: FigureSource): string {
  const [, description, path] = PICTURE.exec(block) ?? []
  if (path !== undefined) return figure(path, description!) ?? `<p>${escaped(description!)}</p>`
  return block.startsWith('| ') ? tableHtml(block.split('\n')) : `<p>${inlineHtml(block)}</p>`
}

/** The second line says which columns are figures: `---:`. */
function tableHtml(lines: readonly string[]): string {
  const [head = [], rule = [], ...body] = lines.map(cellsOf)
  const place = (column: number) => (rule[column]?.endsWith(':') ? ' class="figure"' : ' class="word"')
  const row = (cells: readonly string[], open: string, close: string) =>
    `<tr>${cells.map((cell, column) => `<${open}${place(column)}>${inlineHtml(cell)}</${close}>`).join('')}</tr>`
  return `<div class="scroll" tabindex="0" role="group" aria-label="Table: ${escaped(head.join(', '))}"><table>
<thead>${row(head, 'th scope="col"', 'th')}</thead>
<tbody>
${body.map((cells) => row(cells, 'td', 'td')).join('\n')}
</tbody>
</table></div>`
}

/** Of `| one | two |`; a bar within a cell has a backslash before it. */
function cellsOf(line: string): string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1)
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'))
}

/** Text between backquotes is code, and code has no emphasis. */
function inlineHtml(text: string): string {
  return text
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 1 ? `<code>${escaped(part)}</code>` : emphasisHtml(part)))
    .join('')
}

function emphasisHtml(text: string): string {
  return escaped(text).replace(/(?<=^|[\s(])\*([^\s*](?:[^*]*[^\s*])?)\*(?=$|[\s).,;:])/g, '<em>$1</em>')
}
