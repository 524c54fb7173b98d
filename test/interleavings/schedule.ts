/**
 * A schedule: whose turn it is, one turn after the other. As a string, such as `a7.b12!.a.c`: actors are letters; a number is
 * how many steps the turn has, no number: until the actor can't go on or has ended; `!`: the actor dies at the end of the
 * turn. Where the string ends, the first actor that can go on has the next turn, and so on.
 */
import { ACTORS_MAX } from './baton.js'

export interface Turn {
  actor: number
  /** Undefined: until the actor can't go on or has ended. */
  steps?: number | undefined
  dies?: boolean | undefined
}

const LETTERS = 'abcdefgh'.slice(0, ACTORS_MAX)
const TURN = new RegExp(`^([${LETTERS}])([1-9][0-9]*)?(!)?$`)

export function formatSchedule(schedule: readonly Turn[]): string {
  return schedule
    .map(({ actor, steps, dies }) => `${LETTERS[actor]}${steps ?? ''}${dies ? '!' : ''}`)
    .join('.')
}

/** @throws Error that says what is allowed */
export function parseSchedule(text: string): Turn[] {
  return text.split('.').map((turn) => {
    const [, letter, steps, dies] = TURN.exec(turn) ?? []
    if (letter === undefined)
      throw new Error(`${JSON.stringify(turn)} is no turn; expected such as a, b12 or a7!`)
    return {
      actor: LETTERS.indexOf(letter),
      steps: steps === undefined ? undefined : Number(steps),
      dies: dies !== undefined,
    }
  })
}
