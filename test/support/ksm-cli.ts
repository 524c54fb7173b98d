/** twinpage over a made-up KSM, whose paths the environment gives as JSON. */
import { runCli } from '../../src/cli/cli.js'
import type { KsmPaths } from '../../src/linux/ksm-paths.js'

await runCli(process.argv.slice(2), { ksmPaths: JSON.parse(process.env.TWINPAGE_TEST_KSM!) as KsmPaths })
