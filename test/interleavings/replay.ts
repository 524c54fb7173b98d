/** Plays one schedule of a race, or of a mutant's, and prints its steps: npm run replay -- RACE SCHEDULE [MUTANT] */
import { Arena } from './arena.js'
import { ACTORS_MAX } from './baton.js'
import { Cast } from './cast.js'
import { MutantBuild, mutants } from './mutants.js'
import { races } from './races.js'
import { formatSchedule, parseSchedule } from './schedule.js'

function named<Named extends { name: string }>(what: string, all: readonly Named[], name: string): Named {
  const found = all.find((candidate) => candidate.name === name)
  if (found !== undefined) return found
  throw new Error(
    `there is no ${what} "${name}"; expected one of\n  ${all.map(({ name }) => name).join('\n  ')}`,
  )
}

async function replay([raceName = '', schedule = '', mutantName]: string[]): Promise<void> {
  const race = named('race', races, raceName)
  const turns = parseSchedule(schedule)
  const build = mutantName === undefined ? undefined : new MutantBuild(named('mutant', mutants, mutantName))
  const cast = await Cast.hire(ACTORS_MAX, build?.actor)
  try {
    const arena = new Arena(race, cast, true)
    const { turns: played, isFeasible, violation } = arena.play(turns)
    for (const { number, actor, text } of await arena.close()) {
      console.log(`${String(number).padStart(4)}  ${'abc'[actor]}  ${text}`)
    }
    console.log(
      `${formatSchedule(played)}: ${isFeasible ? (violation ?? 'nothing is broken') : 'its next turn can not be had'}`,
    )
  } finally {
    await cast.dismiss()
    build?.remove()
  }
}

try {
  await replay(process.argv.slice(2))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 2
}
