/** What the command line's parser complains of, said so that the user knows what to type instead. */
import { UserError } from '../errors.js'
import { didYouMean } from '../scenario/nearest.js'
import { show } from '../scenario/problems.js'

/** What the parser knew when it complained. */
export interface UsageContext {
  /** The command that is named, if one is. */
  command: string | undefined
  /** Words that are neither options nor their values, up to where it had come: `['trace', 'imfo']`. */
  words: readonly string[]
  /** What may be the next word, by the words before it; none where a command takes no command. */
  commands: Readonly<Record<string, readonly string[]>>
  /** Names of the options, without dashes. */
  options: readonly string[]
}

export function usageError(message: string, context: UsageContext): UserError {
  const [, unknown] = /^Unknown arguments?: (.+)$/.exec(message) ?? []
  if (unknown !== undefined) return unknownArgument(unknown.split(', ')[0]!, context)
  const [, option] = /^Not enough arguments following: (.+)$/.exec(message) ?? []
  if (option !== undefined) return new UserError('needs a value', { key: `--${option}` })
  if (message.startsWith('Not enough non-option arguments')) {
    return new UserError(`twinpage ${context.command} needs more than that; --help says what`)
  }
  return new UserError(message)
}

function unknownArgument(name: string, { command, words, commands, options }: UsageContext): UserError {
  const index = words.indexOf(name)
  const place = command === undefined ? 'twinpage' : `twinpage ${command}`
  if (index < 0) {
    const dashed = options.map((option) => `--${option}`)
    const meant = didYouMean(`--${name}`, dashed) || `; ${place} --help lists what there is`
    return new UserError(`unknown option ${show(`--${name}`)}${meant}`)
  }
  const known = commands[words.slice(0, index).join(' ')] ?? []
  if (known.length === 0) return new UserError(`unexpected ${show(name)}; ${place} --help says what it takes`)
  return new UserError(
    `unknown command ${show(name)}${didYouMean(name, known) || `; there are ${known.join(', ')}`}`,
  )
}
