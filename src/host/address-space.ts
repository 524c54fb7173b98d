/** How much address space this process has and may have, for who was refused more of it. */
import { readFileSync } from 'node:fs'

export function addressSpace(): string {
  try {
    const usedKiB = Number(/^VmSize:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1])
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const limitBytes = /^Max address space\s+(\d+)/m.exec(limits)?.[1]
    const allowed = limitBytes === undefined ? 'as much as it wants' : `${mebibytes(Number(limitBytes))} MiB`
    return `this process has ${mebibytes(usedKiB * 1024)} MiB of address space, and may have ${allowed} (ulimit -v)`
  } catch {
    return 'this system does not say how much address space there is'
  }
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20)
}
