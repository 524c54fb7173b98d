/** Defects that policy `ksm` might have had, see mutants.ts. */
import type { Mutant } from './mutants.js'

export const ksmMutants: Mutant[] = [
  {
    name: 'ksm: a page is remapped to a stable node without comparing',
    file: 'ksm/policy.js',
    find: 'else if (!this.compare(mpn, sharedMpn)) {',
    replace: 'else if (false) {',
    races: ['ksm-store-join'],
  },
  {
    name: 'ksm: two pages are merged without comparing',
    file: 'ksm/policy.js',
    find: 'if (!this.compare(mpn, otherMpn) || !this.hasHash(mpn, low, high)) {',
    replace: 'if (!this.hasHash(mpn, low, high)) {',
    races: ['ksm-store-merge-other'],
  },
  {
    name: 'ksm: a frame is shared under a hash that its bytes have no longer',
    file: 'ksm/policy.js',
    find: 'if (!this.compare(mpn, otherMpn) || !this.hasHash(mpn, low, high)) {',
    replace: 'if (!this.compare(mpn, otherMpn)) {',
    races: ['ksm-store-store-merge'],
  },
  {
    name: 'ksm: the other page is not looked at before it is locked',
    file: 'ksm/policy.js',
    find: 'if (!isIdlePrivate(otherPte) || !machine.tryLockBoth(',
    replace: 'if (!machine.tryLockBoth(',
    races: ['ksm-swap-out-merge'],
  },
  {
    name: 'ksm: a page that somebody else holds is locked as it is',
    file: 'ksm/policy.js',
    find: 'const pte = seen & ~LOCKED;',
    replace: 'const pte = seen;',
    races: ['ksm-store-join', 'ksm-store-merge-page'],
  },
  {
    name: 'ksm: the reference is kept of a page that could not be locked',
    file: 'ksm/policy.js',
    find: 'this.count(SCAN.lockFailures);\n            machine.dropReference(sharedMpn);',
    replace: 'this.count(SCAN.lockFailures);',
    races: ['ksm-store-join'],
  },
  {
    name: 'ksm: the reference is kept of a frame that was not equal',
    file: 'ksm/policy.js',
    find: 'machine.unlock(page, pte);\n            machine.dropReference(sharedMpn);',
    replace: 'machine.unlock(page, pte);',
    races: ['ksm-store-join'],
  },
  {
    name: 'ksm: the duplicate is freed before the page is remapped to a stable node',
    file: 'ksm/policy.js',
    find: 'machine.unlock(page, sharedPte(sharedMpn));\n            machine.releasePrivate(mpn);',
    replace: 'machine.releasePrivate(mpn);\n            machine.unlock(page, sharedPte(sharedMpn));',
    races: ['ksm-store-join'],
  },
  {
    name: 'ksm: of two merged pages the frame of one is freed before that is remapped',
    file: 'ksm/policy.js',
    find: `machine.unlock(other, sharedPte(mpn));
        machine.unlock(page, sharedPte(mpn));
        machine.releasePrivate(otherMpn);`,
    replace: `machine.releasePrivate(otherMpn);
        machine.unlock(other, sharedPte(mpn));
        machine.unlock(page, sharedPte(mpn));`,
    races: ['ksm-load-merge'],
  },
  {
    name: 'ksm: a page of two that differ is unlocked with the PTE of the other',
    file: 'ksm/policy.js',
    find: 'machine.unlock(page, pte);\n            machine.unlock(other, otherPte);',
    replace: 'machine.unlock(page, otherPte);\n            machine.unlock(other, pte);',
    races: ['ksm-store-merge-other'],
  },
  {
    name: 'ksm: two pages are remapped before their frame is a shared one',
    file: 'ksm/policy.js',
    find: `this.share(mpn, low, high, 2);
        machine.unlock(other, sharedPte(mpn));`,
    replace: `machine.unlock(other, sharedPte(mpn));
        this.share(mpn, low, high, 2);`,
    races: ['ksm-store-merge-other'],
  },
  {
    name: 'ksm: a page is mapped to the zero page without a look under the lock',
    file: 'ksm/policy.js',
    find: 'if (!locked || !this.isZero(mpn)) {',
    replace: 'if (!locked) {',
    races: ['ksm-zero-store', 'ksm-zero-join-store'],
  },
  {
    name: 'ksm: the zero page is joined when nobody maps it any more',
    file: 'ksm/policy.js',
    find: 'const joins = zero !== NONE && tryAddReference(machine.frameTable, zero);',
    replace: `const joins = zero !== NONE;
        if (joins)
            A.add(machine.frameTable, zero * 4, 1);`,
    races: ['ksm-zero-join-store'],
  },
  {
    name: 'ksm: the reference to the zero page is kept of a page that is not zero',
    file: 'ksm/policy.js',
    find: 'if (joins)\n                machine.dropReference(zero);',
    replace: '',
    races: ['ksm-zero-join-store'],
  },
  {
    name: 'ksm: a frame that was the zero page is still taken for it when it is shared anew',
    file: 'ksm/policy.js',
    find: 'if (mpn === this.zeroFrame())\n            this.counters[KSM.zeroFrame] = 0;',
    replace: '',
    races: ['ksm-zero-frame-reused'],
  },
  {
    name: 'ksm: what is left of a frame’s old node stays when it is shared anew',
    file: 'ksm/policy.js',
    find: 'this.items.dropNode(mpn);',
    replace: '',
    races: ['ksm-stale-node-shared-anew'],
  },
  {
    name: 'ksm: a full frame is shared by one more',
    file: 'ksm/policy.js',
    find: '&& items.sharersOf(mpn) < max_page_sharing',
    replace: '',
    races: ['ksm-frame-with-room'],
  },
  {
    name: 'ksm: a second frame of a content is not filed',
    file: 'machine/share-table.js',
    find: 'this.link(mpn, hashLow, hashHigh, references, true);',
    replace: 'this.link(mpn, hashLow, hashHigh, references, false);',
    races: ['ksm-full-frame'],
  },
  {
    name: 'ksm: an unmerge does not lock the page',
    file: 'ksm/unmerge.js',
    find: 'if ((pte & LOCKED) !== 0 || !machine.tryLock(page, pte)) {',
    replace: 'if ((pte & LOCKED) !== 0) {',
    races: ['ksm-unmerge-store'],
  },
  {
    name: 'ksm: an unmerge drops the reference before the copy',
    file: 'ksm/unmerge.js',
    find: `machine.kernels.copy(frame, sharedMpn);
        A.store(machine.frameTable, frame * FRAME_WORDS + STATE, ownedBy(page));
        machine.unlock(page, privatePte(frame));
        machine.dropReference(sharedMpn);`,
    replace: `machine.dropReference(sharedMpn);
        machine.kernels.copy(frame, sharedMpn);
        A.store(machine.frameTable, frame * FRAME_WORDS + STATE, ownedBy(page));
        machine.unlock(page, privatePte(frame));`,
    races: ['ksm-unmerge-store-reuse'],
  },
  {
    name: 'ksm: an unmerge leaves the page locked that it has no frame for',
    file: 'ksm/unmerge.js',
    find: 'machine.unlock(page, pte);\n            this.leftPages = true;',
    replace: 'this.leftPages = true;',
    races: ['ksm-unmerge-load-no-frame'],
  },
  {
    name: 'ksm: an unmerge is done although a page was held',
    file: 'ksm/unmerge.js',
    find: '!machine.tryLock(page, pte)) {\n            this.leftPages = true;',
    replace: '!machine.tryLock(page, pte)) {',
    races: ['ksm-unmerge-load-no-frame'],
  },
]
