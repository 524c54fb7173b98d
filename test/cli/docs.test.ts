/** Commands of README.md and docs/ run as they are written there, one page after the other, and print what is shown. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../support/cli.js'
import { type DocCommand, docSteps, isFile, missingOf } from '../support/doc-commands.js'
import { takeLiveKsm } from '../support/live-ksm.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))
/** A command that takes longer hangs, or wants a comment that says that it is not run. */
const LIMIT_MS = 240_000

const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

for (const page of PAGES) {
  const steps = docSteps(page, readFileSync(join(ROOT, page), 'utf8'))
  if (steps.length === 0) continue
  describe(page, () => {
    const cwd = readersDirectory()
    for (const step of steps) {
      if (isFile(step)) {
        test(`its file ${step.name}`, () => writeFileSync(join(cwd, step.name), step.text))
      } else {
        test(`${step.place}: ${step.command}`, { skip: step.notRun }, async (t) => {
          const putBack = step.needsKsm ? await takeLiveKsm(t) : () => {}
          if (putBack === undefined) return
          try {
            await asShown(step, cwd)
          } finally {
            putBack()
          }
        })
      }
    }
  })
}

/** What a reader has: the scenarios, and `npx` that finds this twinpage. */
function readersDirectory(): string {
  const cwd = temporaryDirectory()
  symlinkSync(join(ROOT, 'scenarios'), join(cwd, 'scenarios'))
  mkdirSync(join(cwd, '.bin'))
  const npx = `#!/bin/sh\n[ "$1" = twinpage ] || exit 127\nshift\nexec '${process.execPath}' '${MAIN}' "$@" $ADDED_ARGS\n`
  writeFileSync(join(cwd, '.bin', 'npx'), npx, { mode: 0o755 })
  return cwd
}

async function asShown({ command, shown, addedArgs }: DocCommand, cwd: string): Promise<void> {
  const { code, stdout, stderr } = await runShell(command, cwd, addedArgs)
  const printed = `${stdout}${stderr}`
  assert.equal(code, shown.some(isComplaint) ? 2 : 0, `exit code of ${command}\n${printed}`)
  if (shown.every((line) => line.trim() === '')) return
  // What it tells on the way depends on who reads stderr; complaints are for everybody.
  const complaints = stderr.split('\n').filter(isComplaint)
  const missing = missingOf(
    shown,
    stdout === '' ? complaints : [...stdout.trimEnd().split('\n'), ...complaints],
  )
  assert.equal(missing, undefined, `${command} prints\n${printed}`)
}

function isComplaint(line: string): boolean {
  return line.startsWith('twinpage: ')
}

function runShell(command: string, cwd: string, addedArgs: string) {
  const env = { ...process.env, PATH: `${join(cwd, '.bin')}:${process.env.PATH}`, ADDED_ARGS: addedArgs }
  // A group of its own, so that nothing of a pipe outlives its shell.
  const child = spawn('sh', ['-c', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const limit = setTimeout(() => {
      process.kill(-child.pid!, 'SIGKILL')
      reject(new Error(`still running after ${LIMIT_MS / 1000} s: ${command}\n${stdout}${stderr}`))
    }, LIMIT_MS)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(limit)
      resolve({ code, stdout, stderr })
    })
  })
}

describe('the form of an output', () => {
  const shown = ['phase  shared  saved', 'idle    23.19  21.39 %', '…', 'Results in out/…']
  test('is that of other figures', () => {
    const actual = [
      'phase  shared  saved',
      'idle        -  1.0 %',
      'busy  0  0',
      'Results in out/20261123-1',
      '',
    ]
    assert.equal(missingOf(shown, actual), undefined)
  })
  test('is not that of other words, lines left out, in another order, or too many', () => {
    assert.equal(missingOf(shown, ['phase  common  saved', 'idle 1 1', 'Results in out/a']), shown[0])
    assert.equal(missingOf(shown, ['phase shared saved', 'Results in out/a']), shown[1])
    assert.equal(missingOf(['a', '…', 'b', 'c'], ['a', 'c', 'b']), 'b')
    assert.match(missingOf(['a'], ['a', 'b'])!, /the end, before: b/)
    assert.equal(missingOf(['a'], ['x', 'a']), 'a')
  })
  test('has no command of ours that nobody types', () => {
    assert.throws(
      () => docSteps('x.md', '```\ntwinpage run quick\n```'),
      /x\.md:2: a command without a prompt/,
    )
  })
})
