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
  type YAMLMap,
} from 'yaml'
import { ALIAS_COUNT_MAX } from './limits.js'
import { printable } from './problems.js'

const NESTED_TOO_DEEPLY = 'is nested too deeply'
const TOO_MANY_ALIASES = `has too many aliases; at most ${ALIAS_COUNT_MAX} values may come from them`

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
    // The library finds repeated keys in quadratic time; refuseUnusualNodes does it in linear.
    const options = { merge: true, uniqueKeys: false, prettyErrors: false }
    const document = parseDocument(text, { ...options, lineCounter: lines })
    refuseSyntaxErrors(document, complain)
    refuseUnusualNodes(document, complain)
    return {
      value: plainValue(document),
      positionOf: (path) => {
        const { offset, found } = locate(document, path)
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

function plainValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIAS_COUNT_MAX })
  } catch (error) {
    // Aliases were checked before: what is left is the library's refusal to unfold them any further.
    if (error instanceof ReferenceError) throw new YamlError(TOO_MANY_ALIASES, 1)
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
      return 'a second document starts here; a scenario is one document'
    case 'RESOURCE_EXHAUSTION':
      return NESTED_TOO_DEEPLY
    case 'TAB_AS_INDENT':
      return 'a tab is used as indentation; indent with spaces'
    default:
      return `not well-formed YAML: ${printable(error.message.replaceAll(/\s+/g, ' '))}`
  }
}

/** Refuses what the library would only find out while it makes the value, or not at all. */
function refuseUnusualNodes(document: Document, complain: Complain): void {
  const anchors = new Map<string, Node>()
  const isRepeated = repetitionDetector()
  let aliases = 0
  visit(document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
    Alias(_, alias, ancestors) {
      aliases++
      const message =
        aliases > ALIAS_COUNT_MAX
          ? TOO_MANY_ALIASES
          : aliasMessage(alias, anchors.get(alias.source), ancestors)
      if (message !== undefined) complain(startOf(alias), message, pathOf(ancestors, alias))
    },
    Pair(_, pair, ancestors) {
      const repeated = isRepeated(pair.key, ancestors.at(-1))
        ? 'this key is there twice; give it once'
        : undefined
      const message = keyMessage(pair, anchors) ?? repeated
      if (message !== undefined) complain(startOf(pair.key), message, pathOf(ancestors, pair))
    },
  })
}

/** Says whether a key was there before in its mapping. */
function repetitionDetector(): (key: unknown, mapping: unknown) => boolean {
  const namesByMapping = new Map<unknown, Set<string>>()
  return (key, mapping) => {
    if (isMergeKey(key)) return false
    const names = namesByMapping.get(mapping) ?? new Set()
    namesByMapping.set(mapping, names)
    const repeated = names.has(nameOf(key))
    names.add(nameOf(key))
    return repeated
  }
}

function aliasMessage(
  { source }: Alias,
  target: Node | undefined,
  ancestors: readonly unknown[],
): string | undefined {
  if (target === undefined) return `no anchor &${printable(source)} comes before this alias`
  return ancestors.includes(target) ? `alias *${printable(source)} contains itself` : undefined
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

/** Where the key at `path` is written, or the nearest existing one around it. */
function locate(document: Document, path: KeyPath): { offset: number; found: boolean } {
  const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node)
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const step of path) {
    node = resolve(node)
    if (isMap(node)) {
      const pair = pairOf(node, String(step), resolve)
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
function pairOf(map: YAMLMap, key: string, resolve: (node: unknown) => unknown): Pair | undefined {
  const own = map.items.find((pair) => !isMergeKey(pair.key) && nameOf(pair.key) === key)
  if (own) return own
  for (const pair of map.items) {
    if (!isMergeKey(pair.key)) continue
    for (const source of mergeSources(pair.value, resolve)) {
      const merged = pairOf(source as YAMLMap, key, resolve)
      if (merged) return merged
    }
  }
  return undefined
}

/** The path to `last` through its `ancestors`: the keys of the pairs and the indices in the lists. */
function pathOf(ancestors: readonly (Document | Node | Pair)[], last: Node | Pair): KeyPath {
  const chain = [...ancestors, last]
  return chain.flatMap((node, index): KeyPath => {
    if (isPair(node)) return [isMergeKey(node.key) ? '<<' : nameOf(node.key)]
    const above = chain[index - 1]
    return isSeq(above) ? [above.items.indexOf(node)] : []
  })
}
