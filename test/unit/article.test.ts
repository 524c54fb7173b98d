/** report.html of a study or a validation, made of the files in its directory. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../src/errors.js'
import { articleReport, holdsArticle } from '../../src/report/article.js'
import { studyDirectory } from '../support/studies.js'

const STARVATION = fileURLToPath(new URL('../../../results/findings/starvation', import.meta.url))

function directoryWith(name: string, markdown: string): string {
  const directory = studyDirectory()
  writeFileSync(join(directory, name), markdown)
  return directory
}

test('a study’s page has all sections, tables and charts of its report.md', () => {
  const markdown = readFileSync(join(STARVATION, 'report.md'), 'utf8')
  const page = articleReport(STARVATION)
  const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0
  assert.equal(count(page, /<h2 /g), count(markdown, /^## /gm))
  assert.equal(count(page, /<tr>/g), count(markdown, /^\| (?!-)/gm))
  assert.equal(count(page, /<img src="data:image\/svg\+xml;base64,/g), count(markdown, /^!\[/gm))
})

test('a picture whose name is encoded is found; one outside of figures/ is not looked at', () => {
  const directory = directoryWith(
    'validate.md',
    '# t\n\n![one](figures/my%20own.svg)\n\n![two](../secret.svg)\n\n![three](figures/%2e%2e/secret.svg)\n\n![four](figures/%zz.svg)',
  )
  mkdirSync(join(directory, 'figures'))
  writeFileSync(join(directory, 'figures', 'my own.svg'), '<svg/>')
  writeFileSync(join(directory, 'secret.svg'), '<svg>secret</svg>')
  const page = articleReport(directory)
  assert(page.includes(`base64,${btoa('<svg/>')}" alt="one"`))
  assert.equal(page.match(/<img/g)?.length, 1)
  assert.match(page, /<p>two<\/p>/)
})

test('a directory without such a report, or with another file of its name, has no page', () => {
  const directory = studyDirectory()
  assert.equal(holdsArticle(directory), false)
  assert.throws(() => articleReport(directory), UserError)
  assert.throws(
    () => articleReport(directoryWith('report.md', 'mine\n')),
    /report\.md: is no report of a study/,
  )
})
