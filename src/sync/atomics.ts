/**
 * The one seam through which every atomic operation of the lab goes. Import it as `#atomics`: a test can put another
 * module in its place with a package-import condition, and drive or break the protocol from there. In production
 * the names below are the engine's own functions: the seam costs nothing.
 *
 * All arrays are Int32Array over a SharedArrayBuffer; indices count 32-bit words. Every operation but `peek` is
 * sequentially consistent (ECMA-262, Memory Model), which the protocol relies on: what a thread wrote before
 * it unlocked is seen by whoever locks next.
 */

/**
 * A plain read: the word at some recent moment, nothing more. For a first look that a compare-and-exchange confirms, or
 * that nothing depends on. It is one instruction, where a `load` may be a call.
 */
export function peek(words: Int32Array, index: number): number {
  return words[index]!
}

export const load: (words: Int32Array, index: number) => number = Atomics.load
export const store: (words: Int32Array, index: number, value: number) => number = Atomics.store
export const add: (words: Int32Array, index: number, value: number) => number = Atomics.add
export const sub: (words: Int32Array, index: number, value: number) => number = Atomics.sub
export const or: (words: Int32Array, index: number, value: number) => number = Atomics.or
export const and: (words: Int32Array, index: number, value: number) => number = Atomics.and
export const compareExchange: (words: Int32Array, index: number, expected: number, value: number) => number =
  Atomics.compareExchange
/** Sleeps until notified, or `timeoutMs` is over, unless the word no longer holds `expected`. */
export const wait: (words: Int32Array, index: number, expected: number, timeoutMs: number) => string =
  Atomics.wait
export const notify: (words: Int32Array, index: number, count?: number) => number = Atomics.notify

/**
 * Says, in a loop that spins, that nothing can be done while the word holds `locked`. A processor needs no such hint here;
 * a scheduler under test does, to let the holder of the lock go on.
 */
export function pause(_words: Int32Array, _index: number, _locked: number): void {}
