/**
 * A process that takes a made-up KSM and its ksmd over and puts them back, and is killed at one of its writes:
 * `node ksm-owner.js PATHS SETTINGS WRITE`, the first two as JSON; with write 0 it lives to the end.
 */
import type { KsmPaths } from '../../src/linux/ksm-paths.js'
import { takeOverKsm } from '../../src/linux/take-over.js'
import { KSMD_CHANGES, KsmTree } from './ksm-tree.js'

const [paths = '', settings = '', killAtWrite = ''] = process.argv.slice(2)
const tree = new KsmTree(JSON.parse(paths) as KsmPaths)
tree.addProcess(process.pid, { ksmStat: 'ksm_rmap_items 12\n' })
let writes = 0
tree.obey(() => {
  if (++writes === Number(killAtWrite)) process.kill(process.pid, 'SIGKILL')
})
const { schedule, restore } = takeOverKsm(JSON.parse(settings), tree.paths)
for (const change of KSMD_CHANGES) schedule(change)
restore()
