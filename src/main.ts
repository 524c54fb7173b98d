#!/usr/bin/env node
/** The program `twinpage`. */
import { runCli } from './cli/cli.js'

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

await runCli(process.argv.slice(2))
