/**
 * Defects that the page protocol might have had: each is a change of the compiled code, which the races are then run with. That
 * every one is found is what shows that the search finds anything.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ksmMutants } from './ksm-mutants.js'

export interface Mutant {
  /** What it does wrong. */
  name: string
  /** Compiled file below dist/src. */
  file: string
  /** Text that the file holds once, and what takes its place. */
  find: string
  replace: string
  /** Names of races, of which one finds it. */
  races: string[]
}

export const mutants: Mutant[] = [
  {
    name: 'a page is remapped to a shared frame without comparing',
    file: 'sharing/tps.js',
    find: 'if (!this.compare(mpn, sharedMpn)) {',
    replace: 'if (false) {',
    races: ['visitor-store-shared'],
  },
  {
    name: 'a page is merged with a hint without comparing',
    file: 'sharing/tps.js',
    find: 'if (!this.compare(mpn, hintMpn)) {',
    replace: 'if (false) {',
    races: ['visitor-store-hint'],
  },
  {
    name: 'a hint is believed that was stored to',
    file: 'sharing/tps.js',
    find: 'if ((hintPte & HINTED) === 0) {',
    replace: 'if (false) {',
    races: ['store-hint', 'visitor-store-store'],
  },
  {
    name: 'whether a hint still holds is seen before its PTE is locked',
    file: 'sharing/tps.js',
    find: `        const hintPte = A.peek(machine.ptes, hintPage);
        if (!isIdlePrivate(hintPte) || mpnOf(hintPte) !== hintMpn || !machine.tryLock(hintPage, hintPte)) {
            machine.unlock(page, pte);
            this.lockFailed();
            return 'passed over';
        }
        // Both PTEs are ours.
        if ((hintPte & HINTED) === 0) {`,
    replace: `        const before = A.peek(machine.ptes, hintPage);
        const hintPte = A.peek(machine.ptes, hintPage);
        if (!isIdlePrivate(hintPte) || mpnOf(hintPte) !== hintMpn || !machine.tryLock(hintPage, hintPte)) {
            machine.unlock(page, pte);
            this.lockFailed();
            return 'passed over';
        }
        if ((before & HINTED) === 0) {`,
    races: ['store-hint'],
  },
  {
    name: 'the PTE is unlocked before the comparison with a hint',
    file: 'sharing/tps.js',
    find: 'if (!this.compare(mpn, hintMpn)) {',
    replace: `machine.unlock(page, pte);
        if (!this.compare(mpn, hintMpn)) {`,
    races: ['store-merge-hint'],
  },
  {
    name: 'the PTE is unlocked before the comparison with a shared frame',
    file: 'sharing/tps.js',
    find: 'if (!this.compare(mpn, sharedMpn)) {',
    replace: `this.machine.unlock(page, pte);
        if (!this.compare(mpn, sharedMpn)) {`,
    races: ['store-merge-shared'],
  },
  {
    name: 'the duplicate is freed before the page is remapped',
    file: 'sharing/tps.js',
    find: `this.machine.unlock(page, sharedPte(sharedMpn));
        this.machine.releasePrivate(mpn);`,
    replace: `this.machine.releasePrivate(mpn);
        this.machine.unlock(page, sharedPte(sharedMpn));`,
    races: ['store-merge-shared'],
  },
  {
    name: 'a hint that was filed anew under another hash is taken for the one that was found',
    file: 'sharing/tps.js',
    find: 'if (!machine.shareTable.isFiledUnder(hintMpn, low, high)) {',
    replace: 'if (false) {',
    races: ['hint-filed-anew'],
  },
  {
    name: 'a stale hint is not dropped',
    file: 'sharing/tps.js',
    find: `            machine.shareTable.remove(hintMpn);
`,
    replace: '',
    races: ['stale-hint-store'],
  },
  {
    name: 'a zero page is shared without looking at it under the lock',
    file: 'sharing/tps.js',
    find: 'const shared = this.kernels.isZero(mpn) && this',
    replace: 'const shared = this',
    races: ['visitor-store-zero'],
  },
  {
    name: 'a page that was not equal is ineligible, whatever its hash is now',
    file: 'sharing/tps.js',
    find: `            return pte;
        this.count(SCAN.falseMatches);`,
    replace: '        this.count(SCAN.falseMatches);',
    races: ['visitor-store-hint'],
  },
  {
    name: 'the reference is kept of a page that was not equal',
    file: 'sharing/tps.js',
    find: `            this.machine.dropReference(sharedMpn);
            return false;`,
    replace: '            return false;',
    races: ['cow-false-match', 'visitor-store-shared'],
  },
  {
    name: 'a stale hint is dropped with the lock of a page that does not map its frame',
    file: 'sharing/tps.js',
    find: 'mpnOf(hintPte) !== hintMpn || ',
    replace: '',
    races: ['swap-out-stale-hint'],
  },
  {
    name: 'a page is marked after it is hashed',
    file: 'sharing/tps.js',
    find: `const markedPages = this.markAll(pages, count);
        this.hashAll(markedPages, guest);`,
    replace: `const { mark } = this;
        this.mark = () => true;
        const markedPages = this.markAll(pages, count);
        this.mark = mark;
        this.hashAll(markedPages, guest);
        for (let i = 0; i < markedPages; i++) this.mark(this.marked[i], this.markedPtes[i] & ~UNTOUCHED);`,
    races: ['store-file'],
  },
  {
    name: 'a page is marked by a load and a store',
    file: 'sharing/tps.js',
    find: 'return A.compareExchange(this.machine.ptes, page, pte, pte | UNTOUCHED) === pte || this.lockFailed();',
    replace: `A.store(this.machine.ptes, page, pte | UNTOUCHED);
        return true;`,
    races: ['store-merge-hint'],
  },
  {
    name: 'a visitor marks pages that are not its own',
    file: 'sharing/tps.js',
    find: `const pte = A.peek(this.machine.ptes, page);
        if (!this.isCandidate(pte))
            return false;`,
    replace: `let pte = A.peek(this.machine.ptes, page);
        if (!this.isCandidate(pte) || !this.mark(page, pte))
            return false;
        pte |= UNTOUCHED;`,
    races: ['store-file-visitor'],
  },
  {
    name: 'a visitor leaves hints of pages that are not its own',
    file: 'sharing/tps.js',
    find: 'const files = leaveHint && !isZero;',
    replace: 'const files = !isZero;',
    races: ['store-file-visitor'],
  },
  {
    name: 'a page is said to be hinted that was not filed',
    file: 'sharing/tps.js',
    find: 'files ? pte | HINTED : pte',
    replace: 'pte | HINTED',
    races: ['store-file-visitor'],
  },
  {
    name: 'a page is filed whose hash was taken before a store',
    file: 'sharing/tps.js',
    find: `if (!machine.tryLock(page, pte))
            return this.lockFailed();
        // The PTE`,
    replace: `if (!machine.tryLock(page, A.load(machine.ptes, page) & ~4))
            return this.lockFailed();
        // The PTE`,
    races: ['store-file'],
  },
  {
    name: 'a frame is not zeroed at the first touch',
    file: 'machine/mmu.js',
    find: 'this.machine.kernels.zero(frame);',
    replace: '',
    races: ['stall-refill'],
  },
  {
    name: 'a word is loaded after the PTE is unlocked',
    file: 'machine/mmu.js',
    find: `        const value = this.words[mpn >>> this.machine.segmentShift][this.machine.wordBase(mpn) + word];
        this.machine.unlock(page, pte);`,
    replace: `        this.machine.unlock(page, pte);
        const value = this.words[mpn >>> this.machine.segmentShift][this.machine.wordBase(mpn) + word];`,
    races: ['load-merge', 'load-swap-out'],
  },
  {
    name: 'the reference is dropped before the copy',
    file: 'machine/mmu.js',
    find: 'this.machine.kernels.copy(frame, sharedFrame);',
    replace: `this.machine.dropReference(sharedFrame);
        this.machine.kernels.copy(frame, sharedFrame);
        this.machine.frameTable[sharedFrame * FRAME_WORDS] += 1;`,
    races: ['last-drop-new-reference-reuse', 'cow-cow'],
  },
  {
    name: 'a page is unlocked before it is filled',
    file: 'machine/mmu.js',
    find: 'A.store(this.ptes, page, pte | LOCKED);',
    replace: 'A.store(this.ptes, page, pte);',
    races: ['first-touch-scan'],
  },
  {
    name: 'a page stays ineligible when it is stored to',
    file: 'machine/pte.js',
    find: 'return pte & ~(INELIGIBLE | UNTOUCHED | HINTED);',
    replace: 'return pte & ~(UNTOUCHED | HINTED);',
    races: ['store-ineligible'],
  },
  {
    name: 'a page stays untouched when it is stored to',
    file: 'machine/pte.js',
    find: 'return pte & ~(INELIGIBLE | UNTOUCHED | HINTED);',
    replace: 'return pte & ~(INELIGIBLE | HINTED);',
    races: ['store-file'],
  },
  {
    name: 'a page stays hinted when it is stored to',
    file: 'machine/pte.js',
    find: 'return pte & ~(INELIGIBLE | UNTOUCHED | HINTED);',
    replace: 'return pte & ~(INELIGIBLE | UNTOUCHED);',
    races: ['store-hint'],
  },
  {
    name: 'a guest that waited for a PTE locks it by a load and a store',
    file: 'machine/mmu.js',
    find: `if ((pte & LOCKED) === 0 && this.machine.tryLock(page, pte))
                return pte;
        }`,
    replace: `if ((pte & LOCKED) === 0) {
                A.store(this.ptes, page, pte | LOCKED);
                return pte;
            }
        }`,
    races: ['swap-out-hint-store'],
  },
  {
    name: 'a reference is dropped by a load and a store',
    file: 'machine/machine.js',
    find: 'const before = A.sub(this.frameTable, mpn * FRAME_WORDS + STATE, 1);',
    replace: `const before = A.load(this.frameTable, mpn * FRAME_WORDS + STATE);
        A.store(this.frameTable, mpn * FRAME_WORDS + STATE, before - 1);`,
    races: ['cow-cow'],
  },
  {
    name: 'the last reference is not noticed',
    file: 'machine/machine.js',
    find: 'if (before > 1)',
    replace: 'if (before > 0)',
    races: ['cow-cow'],
  },
  {
    name: 'a frame is freed before its entry is off the table',
    file: 'machine/machine.js',
    find: `            return;
        this.shareTable.remove(mpn);
        this.allocator.free(mpn);`,
    replace: `            return;
        this.allocator.free(mpn);
        this.shareTable.remove(mpn);`,
    races: ['last-drop-new-reference-reuse'],
  },
  {
    name: 'a private frame is freed with its entry on the table',
    file: 'machine/machine.js',
    find: `        this.shareTable.remove(mpn);
        A.store(this.frameTable`,
    replace: '        A.store(this.frameTable',
    races: ['swap-out-hint'],
  },
  {
    name: 'a PTE is locked whatever it has become',
    file: 'machine/machine.js',
    find: 'return A.compareExchange(this.ptes, page, seen, seen | LOCKED) === seen;',
    replace: `const now = A.load(this.ptes, page);
        return (now & LOCKED) === 0 && A.compareExchange(this.ptes, page, now, now | LOCKED) === now;`,
    races: ['visitor-one-page-hint', 'visitor-one-page-shared'],
  },
  {
    name: 'a PTE is locked by a load and a store',
    file: 'machine/machine.js',
    find: 'return A.compareExchange(this.ptes, page, seen, seen | LOCKED) === seen;',
    replace: `if (A.load(this.ptes, page) !== seen) return false;
        A.store(this.ptes, page, seen | LOCKED);
        return true;`,
    races: ['store-merge-hint'],
  },
  {
    name: 'a reference is gained from none',
    file: 'machine/frames.js',
    find: 'if (references <= 0)',
    replace: 'if (references < 0)',
    races: ['last-drop-new-reference'],
  },
  {
    name: 'a reference is gained by a load and a store',
    file: 'machine/frames.js',
    find: 'if (A.compareExchange(frameTable, index, references, references + 1) === references)',
    replace: 'A.store(frameTable, index, references + 1);\n',
    races: ['cow-new-reference'],
  },
  {
    name: 'a hinted page that became zero is filed without being unlinked',
    file: 'machine/share-table.js',
    find: `this.remove(mpn);
        return this.link(mpn, hashLow, hashHigh, references, false);`,
    replace: 'return this.link(mpn, hashLow, hashHigh, references, false);',
    races: ['stale-hint-zero'],
  },
  {
    name: 'the rest of a chain is lost when its first entry is unlinked',
    file: 'machine/share-table.js',
    find: 'head = headOf(after);',
    replace: 'head = EMPTY;',
    races: ['chain-merge-remove-first'],
  },
  {
    name: 'the rest of a chain is lost when an entry amid it is unlinked',
    file: 'machine/share-table.js',
    find: 'this.frameTable[before * FRAME_WORDS + NEXT] = after;',
    replace: 'this.frameTable[before * FRAME_WORDS + NEXT] = END;',
    races: ['chain-link-remove-middle'],
  },
  {
    name: 'what follows an entry is read before the bucket is locked',
    file: 'machine/share-table.js',
    find: 'let head = this.lock(bucket);\n        const after = this.next(mpn);',
    replace: 'const after = this.next(mpn);\n        let head = this.lock(bucket);',
    races: ['chain-remove-drop'],
  },
  {
    name: 'a zero page is shared without a look for another of the same hash',
    file: 'machine/share-table.js',
    find: 'const free = besideOthers || !this.holdsMatch(head, hashLow, hashHigh);',
    replace: 'const free = true;',
    races: ['scanners-zero-pages'],
  },
  {
    name: 'a match is looked for and a hint is filed under two locks of the bucket',
    file: 'machine/share-table.js',
    find: "const found = head === EMPTY ? 'nothing' : this.search(head, hashLow, hashHigh, mpn);",
    replace: `const found = this.search(head, hashLow, hashHigh, mpn);
        this.unlock(bucket, head);
        head = this.lock(bucket);`,
    races: ['scanners-equal-pages'],
  },
  {
    name: 'a hint is filed anew without being unlinked',
    file: 'machine/share-table.js',
    find: `        this.remove(mpn);
        const bucket = this.bucketOf(hashLow, hashHigh);
        let head`,
    replace: `        const bucket = this.bucketOf(hashLow, hashHigh);
        let head`,
    races: ['store-file-anew'],
  },
  {
    name: 'a bucket is not locked',
    file: 'machine/share-table.js',
    find: 'if (A.compareExchange(this.buckets, bucket, head, head | BUCKET_LOCKED) === head)\n            return head;',
    replace: 'return head;',
    races: ['scanners-equal-pages'],
  },
  {
    name: 'a reserved frame is taken by a load and a store',
    file: 'machine/allocator.js',
    find: 'if (A.compareExchange(this.words, reserve, reserved, reserved ^ bit) === reserved) {',
    replace: 'A.store(this.words, reserve, reserved ^ bit);\n            {',
    races: ['allocate-free-steal'],
  },
  {
    name: 'frames are taken from the bitmap by a load and a store',
    file: 'machine/allocator.js',
    find: 'if (A.compareExchange(this.words, index, free, left) !== free)\n                continue;',
    replace: 'A.store(this.words, index, left);',
    races: ['allocate-free'],
  },
  {
    name: 'frames are in a reserve before they are out of the bitmap',
    file: 'machine/allocator.js',
    find: 'if (A.compareExchange(this.words, index, free, left) !== free)\n                continue;',
    replace: `A.store(this.words, this.reserve, ((((word << 5) + shift) >>> GROUP_SHIFT) << GROUP_BITS) | taken);
            if (A.compareExchange(this.words, index, free, left) !== free)
                continue;`,
    races: ['allocate-free-last'],
  },
  {
    name: "frames in others' reserves are not looked for",
    file: 'machine/allocator.js',
    find: 'return this.takeFromOthers();',
    replace: 'return -1;',
    races: ['stall-refill'],
  },
  {
    name: 'a summary bit is set before the bit of the frame',
    file: 'machine/allocator.js',
    find: `const before = A.or(this.words, this.bitmap + word, bit);
        if ((before & bit) !== 0)
            throw new Error(\`frame \${mpn} was freed twice\`);
        const summaryBit = 1 << (word & 31);
        const summaryIndex = this.summary + (word >>> 5);
        if ((A.load(this.words, summaryIndex) & summaryBit) === 0)
            A.or(this.words, summaryIndex, summaryBit);`,
    replace: `A.or(this.words, this.summary + (word >>> 5), 1 << (word & 31));
        A.or(this.words, this.bitmap + word, bit);`,
    races: ['swap-out-store'],
  },
  {
    name: 'a summary bit is cleared by a load and a store',
    file: 'machine/allocator.js',
    find: 'A.and(this.words, index, ~bit);',
    replace: 'A.store(this.words, index, A.load(this.words, index) & ~bit);',
    races: ['allocate-free-two-words'],
  },
  {
    name: 'frames that come back while their word is found empty are not looked for',
    file: 'machine/allocator.js',
    find: 'A.or(this.words, index, bit);\n        this.wakeWaiter();',
    replace: '',
    races: ['allocate-free-last'],
  },
  {
    name: 'who waits for a frame is not told of it',
    file: 'machine/allocator.js',
    find: 'if (A.add(this.words, AVAILABLE, 1) + 1 >= this.wakeFrames)\n            this.wakeWaiter();',
    replace: 'A.add(this.words, AVAILABLE, 1);',
    races: ['stall-free'],
  },
  {
    name: 'who is about to wait does not look for a frame again',
    file: 'machine/allocator.js',
    find: 'let mpn = this.allocate();\n        if (mpn < 0) {',
    replace: 'let mpn = -1;\n        {',
    races: ['stall-free'],
  },
  {
    name: 'who missed a frame while its word was found empty is not told of it',
    file: 'machine/allocator.js',
    find: 'A.or(this.words, index, bit);\n        this.wakeWaiter();',
    replace: 'A.or(this.words, index, bit);',
    races: ['swap-out-store-reuse'],
  },
  {
    name: 'who missed frames on their way to a reserve is not told of them',
    file: 'machine/allocator.js',
    find: `if (count > 1)
                this.wakeWaiter();`,
    replace: '',
    races: ['stall-refill'],
  },
  {
    name: 'a page is written to the swap file before its PTE is locked',
    file: 'sharing/reclaimer.js',
    find: `if (!isIdlePrivate(pte) || !this.machine.tryLock(first + place, pte))
                break;
            swap.gather(place - from, mpnOf(pte));`,
    replace: `if (!isIdlePrivate(pte)) break;
            swap.gather(place - from, mpnOf(pte));
            if (!this.machine.tryLock(first + place, pte)) break;`,
    races: ['swap-out-store', 'swap-out-cluster-store'],
  },
  {
    name: 'the pages of a run are unlocked before they are written',
    file: 'sharing/reclaimer.js',
    find: 'const written = swap.writeGathered(first + from, pages);',
    replace: `for (let place = from; place < from + pages; place++) machine.unlock(first + place, this.seen[place]);
        const written = swap.writeGathered(first + from, pages);`,
    races: ['swap-out-store', 'swap-out-cluster-store', 'swap-out-cluster-merge'],
  },
  {
    name: 'a page that could not be locked is written with those around it',
    file: 'sharing/reclaimer.js',
    find: '!this.machine.tryLock(first + place, pte))\n                break;',
    replace: '(!this.machine.tryLock(first + place, pte) && place === from))\n                break;',
    races: ['swap-out-cluster-store', 'swap-out-cluster-gap'],
  },
  {
    name: 'the pages after one that could not be locked are written to the slots of the first ones',
    file: 'sharing/reclaimer.js',
    find: 'swap.writeGathered(first + from, pages)',
    replace: 'swap.writeGathered(first, pages)',
    races: ['swap-out-cluster-gap'],
  },
  {
    name: 'a page that was swapped out before is not written again',
    file: 'sharing/reclaimer.js',
    find: 'const written = swap.writeGathered(first + from, pages);',
    replace: `this.written ??= new Set();
        const written = this.written.has(first) ? pages : swap.writeGathered(first + from, pages);
        this.written.add(first);`,
    races: ['swap-out-twice'],
  },
  {
    name: 'the frame of a page that is swapped out is freed while it is mapped',
    file: 'sharing/reclaimer.js',
    find: `machine.unlock(page, isWritten ? SWAPPED_PTE : pte);
            if (isWritten)
                machine.releasePrivate(mpnOf(pte));`,
    replace: `if (isWritten) machine.releasePrivate(mpnOf(pte));
            machine.unlock(page, isWritten ? SWAPPED_PTE : pte);`,
    races: ['swap-out-store', 'swap-out-cluster-reuse'],
  },
  ...ksmMutants,
]

const DIST = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of the build with the mutant's change in it. */
export class MutantBuild {
  /** The actors' module. */
  readonly actor: URL
  private readonly directory: string

  /** @throws Error when the code that it changes is not there, or not once */
  constructor({ name, file, find, replace }: Mutant) {
    this.directory = mkdtempSync(join(DIST, 'mutant-'))
    const dist = join(this.directory, 'dist')
    for (const part of ['src', 'test']) cpSync(join(DIST, part), join(dist, part), { recursive: true })
    cpSync(join(DIST, '..', 'package.json'), join(this.directory, 'package.json'))
    const path = join(dist, 'src', file)
    const parts = readFileSync(path, 'utf8').split(find)
    if (parts.length !== 2) {
      this.remove()
      throw new Error(`${file} holds what mutant "${name}" changes ${parts.length - 1} times, not once`)
    }
    writeFileSync(path, parts.join(replace))
    this.actor = pathToFileURL(join(dist, 'test', 'interleavings', 'actor.js'))
  }

  remove(): void {
    rmSync(this.directory, { recursive: true })
  }
}
