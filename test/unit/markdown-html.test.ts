/** The Markdown of our own reports as HTML. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markdownTable } from '../../src/report/markdown.js'
import { markdownHtml } from '../../src/report/markdown-html.js'

const NO_FIGURE = () => undefined

function html(markdown: string): string {
  return markdownHtml(markdown, NO_FIGURE).html
}

test('headings of the second level are sections that can be linked to', () => {
  const { html, sections } = markdownHtml('# A\n\n## B `c`\n\ntext\n\n## D', NO_FIGURE)
  assert.equal(
    html,
    '<h1>A</h1>\n<h2 id="section-1">B <code>c</code></h2>\n<p>text</p>\n<h2 id="section-2">D</h2>',
  )
  assert.deepEqual(sections, [
    { id: 'section-1', html: 'B <code>c</code>' },
    { id: 'section-2', html: 'D' },
  ])
})

test('a table keeps every cell, bars in it too, and says which columns are figures', () => {
  const made = html(
    markdownTable([
      ['level', 'mean'],
      ['a|b', '1'],
      ['', '2'],
    ]).join('\n'),
  )
  assert.match(made, /<th scope="col" class="word">level<\/th><th scope="col" class="figure">mean<\/th>/)
  assert.match(made, /<td class="word">a\|b<\/td><td class="figure">1<\/td>/)
  assert.match(made, /<td class="word"><\/td><td class="figure">2<\/td>/)
})

test('code has no emphasis, and a key with asterisks is no emphasis either', () => {
  assert.equal(
    html('*Service* of `a.*.b.*` and guests.*.x, guests.*.y'),
    '<p><em>Service</em> of <code>a.*.b.*</code> and guests.*.x, guests.*.y</p>',
  )
})

test('what anybody wrote is text, wherever it stands', () => {
  const hostile = '<img src=x onerror="alert(1)">'
  const places = [
    `## ${hostile}`,
    hostile,
    `\`${hostile}\``,
    `*${hostile}*`,
    `| ${hostile} |\n| --- |\n| ${hostile} |`,
    `![${hostile}](figures/none.svg)`,
  ]
  for (const place of places) {
    assert.doesNotMatch(html(place), /<img|"alert/, place)
    assert.match(html(place), /&lt;img/, place)
  }
})

test('a picture is what its source makes of it, with its whole description', () => {
  const { html } = markdownHtml(
    '![a [b] (c)](figures/d.svg)',
    (path, description) => `${description}: ${path}`,
  )
  assert.equal(html, 'a [b] (c): figures/d.svg')
})
