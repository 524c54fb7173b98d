/** Links of README.md and docs/: each leads to a file that is there, and to a heading that it has. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8').replace(/^```.*?^```/gms, '')
}

/** The names that GitHub gives to headings. */
function anchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  )
}

for (const page of PAGES) {
  test(`links of ${page}`, () => {
    for (const [, link] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link!)) continue
      const [path, anchor] = link!.split('#') as [string, string | undefined]
      const target = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path)))
      assert(existsSync(join(ROOT, target)), `${link} leads nowhere`)
      if (anchor !== undefined && target.endsWith('.md')) {
        assert(anchors(target).includes(anchor), `${link}: ${target} has no such heading`)
      }
    }
  })
}
