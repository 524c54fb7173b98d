/** `twinpage completion`: the script for a shell, and what it then asks for: the words that may come next. */
import type { CommandModule } from 'yargs'
import yargs from 'yargs'
import { namesOf } from '../glossary/entry.js'
import { GLOSSARY } from '../glossary/glossary.js'
import { loadScenario, resolvedScenario } from '../scenario/load.js'
import { scenarioName, shippedFiles } from '../scenario/scenario-file.js'
import { completedSetting } from './completed-setting.js'
import { examples } from './options.js'

export const completionCommand: CommandModule = {
  command: 'completion',
  describe: 'Print the script by which a shell completes',
  builder: (yargs) =>
    yargs.epilogue(
      examples(
        ['completion >> ~/.bashrc', 'for bash, from the next shell on'],
        ['completion >> ~/.zshrc', 'for zsh'],
      ),
    ),
  handler: () => {
    yargs().scriptName('twinpage').showCompletionScript()
  },
}

const SCENARIO_COMMANDS = ['run', 'check', 'validate']

/**
 * What may come in place of the last word, beside commands and options, which the parser knows.
 * @param words of the command line after `twinpage`
 */
export function completionsOf(words: readonly string[]): string[] {
  const [command = ''] = words
  const current = words.at(-1) ?? ''
  const before = words.at(-2)
  // A shell that breaks words at = gives KEY, = and VALUE one by one, and wants a VALUE.
  if (before === '=' && words.at(-4) === '--set') {
    const key = `${words.at(-3)}=`
    return settings(`${key}${current}`, words).map((setting) => setting.slice(key.length))
  }
  if (before === '--set') return settings(current, words)
  if (words.length < 2 || current.startsWith('-') || before?.startsWith('--')) return []
  const names = namesFor(command, words.length - 2)
  return names.filter((name) => name.startsWith(current))
}

function namesFor(command: string, place: number): string[] {
  const studies = () => shippedFiles('study').map((file) => scenarioName(file, 'study'))
  const scenarios = () => shippedFiles().map((file) => scenarioName(file))
  if (command === 'validate') return scenarios()
  if (place > 0) return []
  if (command === 'study') return studies()
  if (command === 'check') return [...scenarios(), ...studies()]
  if (command === 'explain') return GLOSSARY.flatMap(namesOf).filter((name) => !name.includes(' '))
  return command === 'run' ? scenarios() : []
}

/** With the lists, phases and values of the scenario that is named before, if it can be loaded. */
function settings(current: string, words: readonly string[]): string[] {
  const named = SCENARIO_COMMANDS.includes(words[0]!) ? words[1] : undefined
  return completedSetting(current, named === undefined ? undefined : scenarioOf(named))
}

function scenarioOf(name: string): unknown {
  try {
    return resolvedScenario(loadScenario(name))
  } catch {
    // It is not yet typed to its end.
    return undefined
  }
}
