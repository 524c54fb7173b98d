/** Tables in Markdown that read well as plain text too: columns padded, the first to the left, figures to the right. */

/**
 * @param rows the first is the heading
 * @param leftColumns how many columns are words
 */
export function markdownTable(rows: readonly (readonly string[])[], leftColumns = 1): string[] {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = cells[0]!.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)))
  const isLeft = (column: number) => column < leftColumns
  const rule = widths.map((width, column) =>
    isLeft(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  const [head = [], ...body] = cells.map((row) =>
    row.map((cell, column) =>
      isLeft(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    ),
  )
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`)
}
