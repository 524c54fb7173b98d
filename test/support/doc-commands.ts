/**
 * Commands in Markdown, as a reader would type them, and whether what they print has the form that is shown.
 *
 * In a fenced block each line `$ npx twinpage …` is a command, and the lines after it are its output. Figures may differ; `…` is
 * anything: alone on a line any lines, within a line any text. Comments before a block say what is special about it:
 *
 *   <!-- not run: WHY -->            nobody runs it here
 *   <!-- run with ARGS: WHY -->      with these arguments added, so that it takes seconds
 *   <!-- needs ksm -->               run where the kernel's KSM can be had
 *   <!-- file: NAME -->              not commands: a file that the commands after it find
 */

export interface DocCommand {
  /** Where it stands, as FILE:LINE. */
  place: string
  command: string
  shown: string[]
  notRun: string | undefined
  addedArgs: string
  needsKsm: boolean
}

export interface DocFile {
  name: string
  text: string
}

/** In the order of the page. */
export type DocStep = DocCommand | DocFile

export function isFile(step: DocStep): step is DocFile {
  return 'text' in step
}

const PROMPT = '$ '
const PROGRAM = /^(npx |)twinpage |^npm /

/** @throws Error when a block has a command of ours without a prompt: nobody would run it, nor say why not */
export function docSteps(file: string, markdown: string): DocStep[] {
  const steps: DocStep[] = []
  const lines = markdown.split('\n')
  for (let line = 0; line < lines.length; line++) {
    if (!lines[line]!.startsWith('```')) continue
    const comments = commentsBefore(lines, line)
    const first = line + 1
    while (++line < lines.length && !lines[line]!.startsWith('```'));
    const block = lines.slice(first, line)
    const name = saidIn(comments, /^file: (\S+)$/)
    if (name !== undefined) steps.push({ name, text: `${block.join('\n')}\n` })
    else steps.push(...commandsOf(file, first + 1, block, comments))
  }
  return steps
}

function commentsBefore(lines: readonly string[], fence: number): string[] {
  const comments: string[] = []
  for (let line = fence - 1; line >= 0; line--) {
    const [, comment] = /^<!-- (.*) -->$/.exec(lines[line]!) ?? []
    if (comment === undefined) break
    comments.push(comment)
  }
  return comments
}

function saidIn(comments: readonly string[], pattern: RegExp): string | undefined {
  return comments.map((comment) => pattern.exec(comment)?.[1]).find((value) => value !== undefined)
}

function commandsOf(
  file: string,
  firstLine: number,
  block: readonly string[],
  comments: readonly string[],
): DocCommand[] {
  const notRun = saidIn(comments, /^not run: (.{10,})$/)
  const commands: DocCommand[] = []
  for (const [index, line] of block.entries()) {
    const place = `${file}:${firstLine + index}`
    if (line.startsWith(PROMPT)) {
      commands.push({
        place,
        command: line.slice(PROMPT.length),
        shown: [],
        notRun,
        addedArgs: saidIn(comments, /^run with (.+?): .{10,}$/) ?? '',
        needsKsm: comments.includes('needs ksm'),
      })
    } else if (commands.length > 0) commands.at(-1)!.shown.push(line)
    else if (PROGRAM.test(line) && notRun === undefined)
      throw new Error(`${place}: a command without a prompt: ${line}`)
  }
  return commands
}

/** @returns what of the shown output the actual one has not in its place, or undefined */
export function missingOf(shown: readonly string[], actual: readonly string[]): string | undefined {
  // A percent sign that did not fit its line stands on one of its own.
  const forms = withoutEnd(actual.filter((line) => line.trim() === '' || formOf(line) !== '').map(formOf))
  let next = 0
  let isFree = false
  for (const [index, run] of runsOf(withoutEnd(shown)).entries()) {
    isFree = index > 0
    if (run.length === 0) continue
    const from = forms.findIndex((_, at) => at >= next && (isFree || at === next) && isAt(run, forms, at))
    if (from < 0) return run.find((line) => !forms.slice(next).some((form) => hasForm(line, form))) ?? run[0]
    next = from + run.length
  }
  const endsFree = withoutEnd(shown).at(-1) === ELLIPSIS
  return endsFree || next === forms.length ? undefined : `(the end, before: ${actual[next]})`
}

const ELLIPSIS = '…'

/** Lines that follow each other, between those that stand for any. */
function runsOf(shown: readonly string[]): string[][] {
  const runs: string[][] = [[]]
  for (const line of shown) {
    if (line.trim() === ELLIPSIS) runs.push([])
    else runs.at(-1)!.push(line)
  }
  return runs
}

function isAt(run: readonly string[], forms: readonly string[], at: number): boolean {
  return run.every((line, index) => at + index < forms.length && hasForm(line, forms[at + index]!))
}

function hasForm(shown: string, form: string): boolean {
  const tokens = tokensOf(shown).map((token) => {
    if (token === ELLIPSIS) return '.*'
    return token.includes(ELLIPSIS) ? '\\S+' : token.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${tokens.join(' ').replaceAll(' .*', '( .*)?')}$`).test(form)
}

function formOf(line: string): string {
  return tokensOf(line).join(' ')
}

/** Words as they are; whatever has a digit, and what stands for no figure, is a figure. */
function tokensOf(line: string): string[] {
  return line
    .trim()
    .split(/\s+/)
    .filter((token) => !/^%[,.;]?$/.test(token))
    .map((token) => (/\d|^:?-+:?$/.test(token) ? '#' : token))
}

function withoutEnd(lines: readonly string[]): string[] {
  return lines.slice(0, lines.findLastIndex((line) => line.trim() !== '') + 1)
}
