/** `twinpage explain`: what a counter, a reason, a setting or a word of the field means, and what others call it. */
import type { CommandModule } from 'yargs'
import { UserError } from '../errors.js'
import { GLOSSARY, lookUp, suggestions } from '../glossary/glossary.js'
import { entriesText, listText } from '../glossary/text.js'
import { examples } from './options.js'

interface ExplainArguments {
  word: string | undefined
  json: boolean
}

export const explainCommand: CommandModule<object, ExplainArguments> = {
  command: 'explain [word]',
  describe: 'Say what a counter or a setting means',
  builder: (yargs) =>
    yargs
      .positional('word', {
        type: 'string',
        describe:
          'Any name of a counter, reason, setting or word, such as COWH, pages_sharing, starved or savedMiB; without one, all are listed',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON instead of text' })
      .epilogue(
        examples(
          ['explain COWH', 'what esxtop calls so, and where results have it'],
          ['explain scanner.ShareScanTime', 'a key of a scenario: what is allowed, and the default'],
        ),
      ),
  handler: ({ word, json }) => {
    const entries = word === undefined ? GLOSSARY : lookUp(word)
    if (entries.length === 0) throw unknown(word!)
    const width = Math.min(100, process.stdout.columns ?? 80)
    const text = word === undefined ? listText(entries, width) : entriesText(entries, width)
    process.stdout.write(json ? `${JSON.stringify(entries, null, 2)}\n` : text)
  },
}

function unknown(word: string): UserError {
  const near = suggestions(word)
  const hint = near.length === 0 ? 'twinpage explain lists all' : `did you mean ${near.join(', ')}?`
  return new UserError(`nothing is called ${JSON.stringify(word)}; ${hint}`)
}
