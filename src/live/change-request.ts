/** What a client may ask for at /control: a change (src/experiment/change.ts) as JSON, within these bounds. */
import { z } from 'zod'
import type { Change } from '../experiment/change.js'

const RATE_MAX = 100_000_000
const LOAD_MAX = 16
/** Linux: pages_to_scan is an unsigned int. */
const PAGES_TO_SCAN_MAX = 2 ** 32 - 1

const CHANGE = z.discriminatedUnion('control', [
  z.strictObject({ control: z.literal('pause'), value: z.boolean() }),
  z.strictObject({
    control: z.literal('scanRate'),
    value: z.union([z.number().min(0).max(RATE_MAX), z.literal('unthrottled'), z.null()]),
  }),
  z.strictObject({
    control: z.literal('pages_to_scan'),
    value: z.union([z.int().min(0).max(PAGES_TO_SCAN_MAX), z.null()]),
  }),
  z.strictObject({ control: z.literal('nice'), value: z.int().min(-20).max(19) }),
  z.strictObject({ control: z.literal('load'), value: z.number().min(0).max(LOAD_MAX) }),
  z.strictObject({ control: z.literal('stop'), value: z.literal(true) }),
])

/** @returns the change, or what is wrong with the text */
export function parseChange(text: string): Change | { problem: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'not JSON' }
  }
  const parsed = CHANGE.safeParse(value)
  if (parsed.success) return parsed.data
  const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue]
  return { problem: `${path.join('.') || 'the change'}: ${message}` }
}
