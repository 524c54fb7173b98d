/**
 * Stands in for src/sync/atomics.ts under the package-import condition `twinpage-interleaved`: the same operations, each of
 * them a step that the thread's stepper is asked for first. A thread without a stepper just does them.
 */
import * as sound from '../../src/sync/atomics.js'

type Words = Int32Array

export interface Stepper {
  /** Before each operation. */
  step(): void
  /** After it. */
  done(operation: string, words: Words, index: number, result: unknown): void
  pause(words: Words, index: number, locked: number): void
  wait(words: Words, index: number, expected: number, timeoutMs: number): string
  notify(words: Words, index: number, count: number): number
}

let stepper: Stepper | undefined

/** Undefined: no more steps. */
export function stepWith(newStepper: Stepper | undefined): void {
  stepper = newStepper
}

/** A step of the memory under test that is not an atomic operation: part of a page that is read or written. */
export function stepAt(operation: string, words: Words, index: number): void {
  stepper?.step()
  stepper?.done(operation, words, index, undefined)
}

function stepped<Rest extends unknown[], Result>(
  operation: (words: Words, index: number, ...rest: Rest) => Result,
  name: string,
): (words: Words, index: number, ...rest: Rest) => Result {
  return (words, index, ...rest) => {
    stepper?.step()
    const result = operation(words, index, ...rest)
    stepper?.done(`${name}(${rest.join(', ')})`, words, index, result)
    return result
  }
}

export const peek = stepped(sound.peek, 'peek')
export const load = stepped(sound.load, 'load')
export const store = stepped(sound.store, 'store')
export const add = stepped(sound.add, 'add')
export const sub = stepped(sound.sub, 'sub')
export const or = stepped(sound.or, 'or')
export const and = stepped(sound.and, 'and')
export const compareExchange = stepped(sound.compareExchange, 'compareExchange')

export function pause(words: Words, index: number, locked: number): void {
  stepper?.pause(words, index, locked)
}

export function wait(words: Words, index: number, expected: number, timeoutMs: number): string {
  return stepper === undefined
    ? sound.wait(words, index, expected, timeoutMs)
    : stepper.wait(words, index, expected, timeoutMs)
}

export function notify(words: Words, index: number, count = Number.POSITIVE_INFINITY): number {
  return stepper === undefined ? sound.notify(words, index, count) : stepper.notify(words, index, count)
}
