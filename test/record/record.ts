/**
 * Records what the kernel's KSM does: `npm run record -- NAME` writes test/recorded/ksm-NAME.json. Needs Linux 6.8 or
 * later with KSM, root, koffi, and that nobody else uses KSM meanwhile; a minute or two.
 */
import { writeFileSync } from 'node:fs'
import { release, type } from 'node:os'
import { EXIT, messageOf, ResourceError, UserError } from '../../src/errors.js'
import { takeKsm } from '../support/kernel-ksm.js'
import { type Recording, type Recordings, recordingFile } from '../support/ksm-recordings.js'
import { ADVISOR_HOW, recordAdvisor } from './advisor.js'
import { CASE_RECORDERS } from './cases.js'

const CASE_HOW =
  'All guests lie one after the other in one process’s memory (MADV_NOHUGEPAGE, MADV_MERGEABLE), written in full; then ' +
  'run = 1 until so many full scans are over, run = 0, and counters are read while nothing is scanned. Each case was ' +
  'played twice: what differed stands in `differences`.'

const RECORDERS = { ...CASE_RECORDERS, advisor: recordAdvisor }

async function main(name: string | undefined): Promise<void> {
  if (!isName(name)) {
    throw new UserError(
      `expected one of ${Object.keys(RECORDERS).join(', ')}, got ${JSON.stringify(name ?? '')}`,
    )
  }
  await takeKsm()
  process.on('SIGINT', () => process.exit(EXIT.interrupted))
  process.on('SIGTERM', () => process.exit(143))
  const items = await RECORDERS[name]()
  const recording: Recording<Recordings[keyof Recordings]> = {
    // Without what a distributor has added to it.
    kernel: `${type()} ${release().replace(/-.*/, '')}`,
    date: new Date().toISOString(),
    how: `npm run record -- ${name}. ${name === 'advisor' ? ADVISOR_HOW : CASE_HOW}`,
    items,
  }
  writeFileSync(recordingFile(name), withItemsOnLines(recording))
}

function isName(name: string | undefined): name is keyof Recordings {
  return name !== undefined && Object.hasOwn(RECORDERS, name)
}

/** JSON with a line for each item, so that it can be compared line by line. */
function withItemsOnLines({ items, ...head }: Recording<unknown>): string {
  const opening = JSON.stringify(head, undefined, 2).slice(0, -2)
  return `${opening},\n  "items": [\n    ${items.map((item) => JSON.stringify(item)).join(',\n    ')}\n  ]\n}\n`
}

try {
  await main(process.argv[2])
} catch (error) {
  const isUsers = error instanceof UserError
  if (!isUsers && !(error instanceof ResourceError)) throw error
  console.error(`record: ${messageOf(error)}`)
  process.exitCode = isUsers ? EXIT.usage : EXIT.resources
}
