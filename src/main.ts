#!/usr/bin/env node
/** The program `twinpage`. */
import { runCli } from './cli/cli.js'
import { printError } from './cli/terminal.js'
import { EXIT } from './errors.js'

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  printError(`can't write to the standard output: ${error.message}`)
  process.exit(EXIT.resources)
})

await runCli(process.argv.slice(2))
