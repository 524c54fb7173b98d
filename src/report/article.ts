/**
 * report.html of a study or a validation: its report in Markdown as one page, with the pictures in it. Made of the files alone, so
 * it can be made again at any time, and says what they say.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.js'
import { STUDY_FILES } from '../study/record.js'
import { escaped, htmlDocument } from './html.js'
import { markdownHtml, type Section } from './markdown-html.js'
import { VALIDATION_FILES } from './validation-report.js'

/** Markdown reports that have a page, by their names. */
const REPORTS = [STUDY_FILES.report, VALIDATION_FILES.markdown]

/** The only pictures that a report names; nothing outside of its directory is read. */
const FIGURE = /^figures\/[^/\\]+\.svg$/

/** @returns whether the directory is that of a study or a validation, which has a report in Markdown */
export function holdsArticle(directory: string): boolean {
  return reportIn(directory) !== undefined
}

/** @throws UserError where there is no such report, or it has no title */
export function articleReport(directory: string): string {
  const name = reportIn(directory)
  if (name === undefined) throw new UserError(`it has none of ${REPORTS.join(', ')}`, { file: directory })
  const file = join(directory, name)
  const [first = '', ...rest] = readFileSync(file, 'utf8').split('\n')
  const [, title] = /^# (.+)$/.exec(first) ?? []
  if (title === undefined) {
    throw new UserError('is no report of a study or a validation: expected a heading in its first line', {
      file,
    })
  }
  const { html, sections } = markdownHtml(rest.join('\n'), (path, description) =>
    figureHtml(directory, path, description),
  )
  return htmlDocument({ title, main: `${contentsHtml(sections)}\n${html}` })
}

function contentsHtml(sections: readonly Section[]): string {
  const entries = sections.map(({ id, html }) => `<li><a href="#${id}">${html}</a></li>`)
  return `<nav aria-label="Contents"><ul class="contents">${entries.join('')}</ul></nav>`
}

function reportIn(directory: string): string | undefined {
  return REPORTS.find((name) => existsSync(join(directory, name)))
}

/** As a picture of its own: its styles and names don't meet those of others, and no script in it would run. */
function figureHtml(directory: string, encodedPath: string, description: string): string | undefined {
  const path = decoded(encodedPath)
  const file = join(directory, path)
  if (!FIGURE.test(path) || !existsSync(file)) return undefined
  const picture = readFileSync(file).toString('base64')
  return `<figure><div class="scroll" tabindex="0" role="group" aria-label="${escaped(description)}"><img src="data:image/svg+xml;base64,${picture}" alt="${escaped(description)}"></div></figure>`
}

/** What is no encoding is taken as it is. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
