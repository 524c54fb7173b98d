/** The frame of all pages that are files: one HTML document that needs nothing else and lets nothing in. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What esbuild makes of src/page. */
const PAGE = new URL('../../page/', import.meta.url)

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text of anybody's, as text of a document or between the quotes of an attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!)
}

export interface Document {
  title: string
  /** HTML of what stands beside the heading, and below. */
  main: string
  /** For the page's script, by the id of its element; without any, the page has colours to choose from and nothing to draw. */
  data?: { id: string; value: unknown }
}

/** @returns a complete document with its script, its style and its data in it */
export function htmlDocument({ title, main, data }: Document): string {
  const script = readPage(data === undefined ? 'article-page.js' : 'report-page.js')
  const style = readPage('page.css')
  const policy = `default-src 'none'; script-src '${sha256(script)}'; style-src 'unsafe-inline'; img-src data:`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="twinpage">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header class="page"><h1>${escaped(title)}</h1><button type="button" id="appearance"></button></header>
<main>
${main}
</main>
${data === undefined ? '' : `<script type="application/json" id="${data.id}">${scriptSafe(JSON.stringify(data.value))}</script>\n`}<script>${script}</script>
</body>
</html>
`
}

function readPage(name: string): string {
  return readFileSync(new URL(name, PAGE), 'utf8')
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** JSON that ends no element that it stands in. */
function scriptSafe(json: string): string {
  return json.replaceAll('<', '\\u003c')
}
