/**
 * YAML text as a plain value that still knows its lines: the only file that knows the YAML library.
 *
 * Anchors, aliases and merge keys (`<<: *vm`) are followed, for the value as for the positions: a key that
 * came in through a merge is found where it was written.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  visit,
  type YAMLError,
} from 'yaml'
import { ALIAS_COUNT_MAX, VALUES_MAX } from './limits.js'

const NESTED_TOO_DEEPLY = 'is nested too deeply'
const TOO_MANY_VALUES = `has too many values, those that aliases repeat included; at most ${VALUES_MAX} are read`
const TOO_MANY_ALIASES = `has too many aliases; at most ${ALIAS_COUNT_MAX} are followed`

/** Keys and list indices that lead from the root to a value. */
export type KeyPath = readonly (string | number)[]

/** What is wrong with a YAML text; the caller knows which file it came from. Lines count from 1. */
export class YamlError extends Error {
  override name = 'YamlError'
  constructor(
    message: string,
    readonly line: number,
    readonly path: KeyPath = [],
  ) {
    super(message)
  }
}

/** Where a key stands in its text: `offset` in letters, from 0, and `line`, from 1. */
export interface Position {
  offset: number
  line: number
}

/** `found`: the key itself is there; else the position is that of the nearest key around it. */
export type KeyPosition = Position & { found: boolean }

export interface YamlSource {
  value: unknown
  /** The position of the key or list item at `path`. */
  positionOf(path: KeyPath): KeyPosition
}

/** @throws YamlError on any text that isn't one well-formed document with plain keys. */
export function parseYaml(text: string): YamlSource {
  const lines = new LineCounter()
  const positionAt = (offset: number): Position => ({ offset, line: Math.max(1, lines.linePos(offset).line) })
  const complain: Complain = (offset, message, path) => {
    throw new YamlError(message, positionAt(offset).line, path)
  }
  return withoutOverflow(() => {
    // The library finds repeated keys in quadratic time; the index does it in linear.
    // Tags of YAML 1.1, such as !!binary, give values that no scenario has: they are refused as tags that nobody knows.
    const options = { merge: true, uniqueKeys: false, prettyErrors: false, resolveKnownTags: false }
    const document = parseDocument(text, { ...options, lineCounter: lines })
    refuseSyntaxErrors(document, complain)
    const index = indexed(document, complain)
    if (countValues(document.contents, index, new Map()) > VALUES_MAX) throw new YamlError(TOO_MANY_VALUES, 1)
    return {
      // The library's own count of aliases misses what merge keys copy.
      value: document.toJS({ maxAliasCount: -1 }),
      positionOf: (path) => {
        const { offset, found } = locate(document, index, path)
        return { ...positionAt(offset), found }
      },
    }
  })
}

/** A value as YAML text, one key a line. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

type Complain = (offset: number, message: string, path: KeyPath) => never

/** Nesting is followed by recursion, here and in the library: a hostile text can exhaust the stack. */
function withoutOverflow<Result>(parse: () => Result): Result {
  try {
    return parse()
  } catch (error) {
    if (error instanceof RangeError) throw new YamlError(NESTED_TOO_DEEPLY, 1)
    throw error
  }
}

function refuseSyntaxErrors(document: Document, complain: Complain): void {
  const error = document.errors[0] ?? document.warnings[0]
  if (!error) return
  complain(error.pos[0], plainSyntaxMessage(error), [])
}

function plainSyntaxMessage(error: YAMLError): string {
  switch (error.code) {
    case 'MULTIPLE_DOCS':
      return 'a second document starts here; expected one document'
    case 'RESOURCE_EXHAUSTION':
      return NESTED_TOO_DEEPLY
    case 'TAB_AS_INDENT':
      return 'a tab is used as indentation; indent with spaces'
    default:
      return `not well-formed YAML: ${error.message.replaceAll(/\s+/g, ' ')}`
  }
}

/** What finding a key needs, so that it takes no walk through the document: a text may have thousands of problems. */
interface Index {
  mappings: Map<unknown, IndexedMapping>
  /** The node that each alias stands for. */
  targets: Map<unknown, Node>
}

interface IndexedMapping {
  own: Map<string, Pair>
  /** The pairs whose values are merged in. */
  merges: Pair[]
}

/** Refuses, on the way, what the library would only find out while it makes the value, or not at all. */
function indexed(document: Document, complain: Complain): Index {
  const index: Index = { mappings: new Map(), targets: new Map() }
  const anchors = new Map<string, Node>()
  let aliases = 0
  visit(document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
    Alias(_, alias, ancestors) {
      aliases++
      const target = anchors.get(alias.source)
      const message = aliases > ALIAS_COUNT_MAX ? TOO_MANY_ALIASES : aliasMessage(alias, target, ancestors)
      if (message !== undefined) complain(startOf(alias), message, pathOf(ancestors, alias))
      index.targets.set(alias, target!)
    },
    Pair(_, pair, ancestors) {
      const repeated = isRepeated(pair, ancestors.at(-1), index)
        ? 'this key is there twice; give it once'
        : undefined
      const message = keyMessage(pair, anchors) ?? repeated
      if (message !== undefined) complain(startOf(pair.key), message, pathOf(ancestors, pair))
    },
  })
  return index
}

/** Whether a pair's key was there before in its mapping; if not, the index takes it up. */
function isRepeated(pair: Pair, mapping: unknown, { mappings }: Index): boolean {
  const { own, merges } = mappings.get(mapping) ?? { own: new Map<string, Pair>(), merges: [] }
  mappings.set(mapping, { own, merges })
  if (isMergeKey(pair.key)) {
    merges.push(pair)
    return false
  }
  const name = nameOf(pair.key)
  const repeated = own.has(name)
  if (!repeated) own.set(name, pair)
  return repeated
}

function aliasMessage(
  { source }: Alias,
  target: Node | undefined,
  ancestors: readonly unknown[],
): string | undefined {
  if (target === undefined) return `no anchor &${source} comes before this alias`
  return ancestors.includes(target) ? `alias *${source} contains itself` : undefined
}

function keyMessage({ key, value }: Pair, anchors: ReadonlyMap<string, Node>): string | undefined {
  if (isMergeKey(key)) {
    const resolve = (node: unknown) => (isAlias(node) ? anchors.get(node.source) : node)
    return mergeSources(value, resolve).every(isMap)
      ? undefined
      : 'expected the alias of a mapping, such as <<: *vm'
  }
  if (!isScalar(key)) return 'expected a plain word as key'
  return nameOf(key) === '__proto__' ? 'unknown key' : undefined
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === 'symbol' && key.value.description === '<<'
}

/** What a merge key merges: its value, or each item of it; aliases resolved. */
function mergeSources(value: unknown, resolve: (node: unknown) => unknown): unknown[] {
  const source = resolve(value)
  return isSeq(source) ? source.items.map(resolve) : [source]
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value ?? '') : ''
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

/** What aliases and merge keys repeat is walked once, and counted each time: the size of the value to be made. */
function countValues(node: unknown, index: Index, counts: Map<unknown, number>): number {
  const known = counts.get(node)
  if (known !== undefined) return known
  const target = index.targets.get(node)
  const parts = target !== undefined ? [target] : isMap(node) || isSeq(node) ? node.items : []
  const count = parts.reduce<number>(
    (sum, part) => sum + countValues(isPair(part) ? part.value : part, index, counts),
    1,
  )
  counts.set(node, count)
  return count
}

/** Where the key at `path` is written, or the nearest existing one around it. */
function locate(document: Document, index: Index, path: KeyPath): { offset: number; found: boolean } {
  const resolve = (node: unknown) => index.targets.get(node) ?? node
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const step of path) {
    node = resolve(node)
    if (isMap(node)) {
      const pair = pairOf(node, String(step), index)
      if (!pair) return { offset, found: false }
      offset = startOf(pair.key)
      node = pair.value
    } else if (isSeq(node) && isNode(node.items[Number(step)])) {
      node = node.items[Number(step)]
      offset = startOf(node)
    } else return { offset, found: false }
  }
  return { offset, found: true }
}

/** The pair that gives a map its `key`: its own one, or else that of the first merged map that has it. */
function pairOf(map: unknown, key: string, index: Index): Pair | undefined {
  const { own, merges } = index.mappings.get(map) ?? EMPTY_MAPPING
  const pair = own.get(key)
  if (pair) return pair
  for (const { value } of merges) {
    for (const source of mergeSources(value, (node) => index.targets.get(node) ?? node)) {
      const merged = pairOf(source, key, index)
      if (merged) return merged
    }
  }
  return undefined
}

const EMPTY_MAPPING: IndexedMapping = { own: new Map(), merges: [] }

/** The path to `last` through its `ancestors`: the keys of the pairs and the indices in the lists. */
function pathOf(ancestors: readonly (Document | Node | Pair)[], last: Node | Pair): KeyPath {
  const chain = [...ancestors, last]
  return chain.flatMap((node, index): KeyPath => {
    if (isPair(node)) return [isMergeKey(node.key) ? '<<' : nameOf(node.key)]
    const above = chain[index - 1]
    return isSeq(above) ? [above.items.indexOf(node)] : []
  })
}
