/**
 * A file of /proc that is read again and again: opened once, and read from its beginning into one buffer, where the kernel
 * writes it anew each time. To open it for each reading would take several times as long, and leave garbage.
 */
import { closeSync, openSync, readSync } from 'node:fs'

const DIGIT_0 = 0x30

export class ProcFile {
  private readonly descriptor: number

  /** @throws the system's error when there is no such file, or no such thread any more */
  constructor(path: string) {
    this.descriptor = openSync(path, 'r')
  }

  /**
   * @returns bytes read, at most as many as `text` holds
   * @throws the system's error (ESRCH) when the thread whose file it is has ended
   */
  readInto(text: Uint8Array): number {
    return readSync(this.descriptor, text, 0, text.length, 0)
  }

  close(): void {
    closeSync(this.descriptor)
  }
}

/**
 * The first decimal numbers of a text, as many as `numbers` has room for, with no string made of any.
 * @returns how many there were
 */
export function parseNumbers(text: Uint8Array, from: number, to: number, numbers: Float64Array): number {
  let count = 0
  let isNumber = false
  for (let at = from; at < to; at++) {
    const digit = text[at]! - DIGIT_0
    if (digit >= 0 && digit <= 9) {
      if (!isNumber && count === numbers.length) return count
      numbers[count] = isNumber ? numbers[count]! * 10 + digit : digit
      isNumber = true
    } else if (isNumber) {
      isNumber = false
      count++
    }
  }
  return isNumber ? count + 1 : count
}
