/** Memory of a round that is over must be gone before the next: gigabytes of it may hang on a few small objects. */
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Twice: a WebAssembly memory is given back by what the first collection leaves to the event loop. */
export async function collectGarbage(): Promise<void> {
  collect()
  await setImmediate()
  collect()
  await setImmediate()
}
