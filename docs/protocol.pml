/*
 * The page protocol (protocol.md) as a model for the checker spin: every interleaving of a few threads on a few pages.
 *
 * How to read it. Each inline is named after the function of the code that it stands for. What stands between two
 * semicolons (or before an arrow) is one step, during which no other thread moves: one atomic operation of the code, or
 * work on what the thread's locks keep others from changing. Threads take any number of turns.
 *
 * Where a d_step or an atomic joins what the code does in several steps, the reason is one of these.
 *   ghost  it writes what only the checker reads: holder, wrote, gone, hashHolds
 *   retry  a look and a compare-and-exchange of what was seen, repeated until it succeeds: nothing happens before the
 *          last exchange, and that one step has seen what it changes
 *   stable all but one of its operations are on words that no other thread may write meanwhile
 *   local  it chooses, or touches the thread's own variables
 *
 * What is checked: assertions in the steps; SOUND, in every state; `audit`, when all threads are done; and that no
 * thread is left waiting (spin's invalid end states).
 *
 * Size, by -D: GUESTS (2 or 3), FRAMES (2 to 4), WORDS and HASHES (1 or 2), SCANNERS (0 to 2), RECLAIMERS (0 or more).
 * -DDEATH: a thread may die before any step. -DMUTANT=name: one mistake is made, and must be found. -DGOAL=name: a state
 * that must be reached is taken for an error (see the end).
 */

#ifndef GUESTS
#define GUESTS 2
#endif
#ifndef FRAMES
#define FRAMES 3
#endif
#ifndef WORDS
#define WORDS 2
#endif
#ifndef HASHES
#define HASHES 2
#endif
#ifndef SCANNERS
#define SCANNERS 1
#endif
#ifndef RECLAIMERS
#define RECLAIMERS 0
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

#define STORE_WITHOUT_LOCK 1
#define DROP_BEFORE_COPY 2
#define DROP_IN_TWO_STEPS 3
#define MERGE_WITHOUT_COMPARISON 4
#define FREE_BEFORE_REMAP 5
#define FREE_WHILE_FILED 6
#define TRY_LOCK_ANYTHING 7
#define JOIN_AT_ZERO 8
#define KEEP_REFERENCE 9
#define BELIEVE_HINT 10
#define BELIEVE_REFILED_HINT 11
#define FILE_WITHOUT_LOOK 12
#define FIND_AND_FILE_APART 13
#define MARK_AFTER_HASH 14
#define STORE_KEEPS_UNTOUCHED 15
#define STORE_KEEPS_HINTED 16
#define VISITOR_MARKS 17
#define VISITOR_FILES 18
#define WAIT_FOR_SECOND_PTE 19
#define SWAP_BEFORE_LOCK 20
#define FREE_BEFORE_SWAPPED 21
#define WAIT_FOR_EVER 22

/* pte.ts: the same bits. Guest g has one page, page g. */
#define PRESENT 1
#define WRITABLE 2
#define LOCKED 4
#define SHARED 8
#define SWAPPED 16
#define INELIGIBLE 32
#define UNTOUCHED 64
#define HINTED 128
#define MPN_SHIFT 8
#define privatePte(mpn) (((mpn) << MPN_SHIFT) | PRESENT | WRITABLE)
#define sharedPte(mpn) (((mpn) << MPN_SHIFT) | PRESENT | SHARED)
#define mpnOf(word) ((word) >> MPN_SHIFT)
#define storedTo(word) ((word) & ~(INELIGIBLE | UNTOUCHED | HINTED))
#define isIdlePrivate(word) (((word) & (PRESENT | WRITABLE | LOCKED | SHARED)) == (PRESENT | WRITABLE))

/* frames.ts */
#define ownedBy(page) (-(page) - 1)
#define ownerOf(state) (-(state) - 1)

/*
 * A page is WORDS words of one bit, and its hash is the first, or the same for all: so pages are often equal, and of two words
 * often only by their hash. Of two words the zero page is treated as one: its hash is known.
 */
#define ZERO_PAGE 0
#if WORDS == 2
#define isZeroHash(hash) ((hash) == 0)
#else
#define isZeroHash(hash) false
#endif
#if HASHES == 2
#define hasHash(contents, hash) (((contents) & 1) == (hash))
#else
#define hasHash(contents, hash) true
#endif

#define NOBODY 255
#define JUNK 4

short pte[GUESTS]
byte bytes[FRAMES]
short state[FRAMES]
/* The share table: is the frame an entry, and under which hash? One bucket, and its chain as a set. */
bool filed[FRAMES]
byte filedHash[FRAMES]
bool isFree[FRAMES]
byte slot[GUESTS]

/*
 * Ghosts: what each guest stored last; whether the hash that its page's scanner takes is that of its bytes, as nothing was
 * stored since it began; who holds its PTE; which threads are dead (a bit each); how many are not done.
 */
byte wrote[GUESTS]
bool hashHolds[GUESTS]
byte holder[GUESTS]
byte gone
byte working
/* Counts within a step, so is no part of a state. */
hidden byte each

/* With -DDEATH one thread ends wherever it happens to be. */
#ifdef DEATH
byte victim = NOBODY
byte bucketHolder = NOBODY
#define MORTAL unless { victim == _pid }
#else
#define MORTAL
#endif

#define isGone(thread) ((thread) != NOBODY && (gone & (1 << (thread))))

/* The pages 0 to GUESTS - 1, the frames 0 to FRAMES - 1, and pairs of frames. */
#if GUESTS == 2
#define ALL_PAGES(holds) (holds(0) && holds(1))
#define SUM_OF_PAGES(count, mpn) (count(0, mpn) + count(1, mpn))
#else
#define ALL_PAGES(holds) (holds(0) && holds(1) && holds(2))
#define SUM_OF_PAGES(count, mpn) (count(0, mpn) + count(1, mpn) + count(2, mpn))
#endif

#if FRAMES == 2
#define ALL_FRAMES(holds) (holds(0) && holds(1))
#define ALL_PAIRS(hold) hold(0, 1)
#elif FRAMES == 3
#define ALL_FRAMES(holds) (holds(0) && holds(1) && holds(2))
#define ALL_PAIRS(hold) (hold(0, 1) && hold(0, 2) && hold(1, 2))
#else
#define ALL_FRAMES(holds) (holds(0) && holds(1) && holds(2) && holds(3))
#define ALL_PAIRS(hold) \
  (hold(0, 1) && hold(0, 2) && hold(0, 3) && hold(1, 2) && hold(1, 3) && hold(2, 3))
#endif

/* ---- Locks ------------------------------------------------------------------------------------------------------ */

/* Machine.tryLock: executable if the PTE is what was seen. */
#if MUTANT == TRY_LOCK_ANYTHING
#define canLock(page, seen) (!(pte[page] & LOCKED))
#else
#define canLock(page, seen) (pte[page] == (seen))
#endif
#define tryLock(page, seen) d_step { canLock(page, seen) -> pte[page] = pte[page] | LOCKED; holder[page] = _pid }

/* Machine.unlock */
#define unlock(page, word) assert(holder[page] == _pid); holder[page] = NOBODY; pte[page] = word

/* Mmu.lock, and the quick attempts before it (retry). It gives up, after its limit, on a holder that is dead. */
inline lock(page) {
  if
  :: d_step { !(pte[page] & LOCKED) -> pte[page] = pte[page] | LOCKED; holder[page] = _pid }
#if defined(DEATH) && MUTANT != WAIT_FOR_EVER
  :: isGone(holder[page]) -> goto over
#endif
  fi
}

/*
 * ShareTable.lock and unlock, around what is done between them (retry). Who gives up here ends with the PTEs that it
 * holds locked: as good as dead. Where nobody dies all of it is one step (stable).
 */
#ifdef DEATH
#define underBucketLock(...) \
  if \
  :: d_step { bucketHolder == NOBODY -> bucketHolder = _pid } \
  :: d_step { isGone(bucketHolder) -> gone = gone | (1 << _pid) }; goto over \
  fi; \
  d_step { __VA_ARGS__ }; \
  bucketHolder = NOBODY
#else
#define underBucketLock(...) d_step { __VA_ARGS__ }
#endif

/* ---- The share table (share-table.ts) and the frame table --------------------------------------------------------- */

/*
 * remove: whoever has the right to unlink looks without the lock. Where nobody dies the look is one step with the rest
 * (stable).
 */
inline remove(mpn) {
#ifdef DEATH
  if
  :: filed[mpn] -> underBucketLock(assert(filed[mpn]); filed[mpn] = false; filedHash[mpn] = 0)
  :: else
  fi
#else
  d_step { filed[mpn] = false; filedHash[mpn] = 0 }
#endif
}

/* put: a frame becomes an entry */
#define put(mpn, hash) assert(!filed[mpn]); filed[mpn] = true; filedHash[mpn] = hash

/* fileShared, with link (stable: of the entries with this hash one at most is not dying, see SOUND) */
inline fileShared(mpn, hash, references, linked) {
  remove(mpn);
  underBucketLock(
    linked = true;
    for (each : 0 .. FRAMES - 1) {
      if
      :: filed[each] && filedHash[each] == hash && state[each] != 0 && MUTANT != FILE_WITHOUT_LOOK -> linked = false
      :: else
      fi
    }
    if
    :: linked -> put(mpn, hash); state[mpn] = references
    :: else
    fi
  )
}

inline promote(mpn, references) { underBucketLock(state[mpn] = references) }

/*
 * search, with tryAddReference (stable, as fileShared; retry). foundMpn is NOBODY if there is nothing to be found, foundPage is
 * NOBODY if it is a shared frame, to which there is a reference now.
 */
#define search(hash, self) \
  foundMpn = NOBODY; \
  foundPage = NOBODY; \
  for (each : 0 .. FRAMES - 1) { \
    if \
    :: each != self && filed[each] && filedHash[each] == hash && state[each] < 0 -> \
      foundMpn = each; \
      foundPage = ownerOf(state[each]) \
    :: each != self && filed[each] && filedHash[each] == hash && state[each] >= (MUTANT != JOIN_AT_ZERO) -> \
      foundMpn = each; \
      foundPage = NOBODY; \
      state[each] = state[each] + 1 \
    :: else \
    fi \
  }

/* find */
inline find(hash, self) { underBucketLock(search(hash, self); skip) }

/* findOrFile */
inline findOrFile(self, hash) {
  remove(self);
#if MUTANT == FIND_AND_FILE_APART
  underBucketLock(search(hash, self); skip);
  underBucketLock(
    if
    :: foundMpn == NOBODY -> put(self, hash)
    :: else
    fi
  )
#else
  underBucketLock(
    search(hash, self);
    if
    :: foundMpn == NOBODY -> put(self, hash)
    :: else
    fi
  )
#endif
}

/* FrameAllocator.free. Whoever reads the frame now does not get what he expects. */
#define free(mpn) assert(!isFree[mpn]); isFree[mpn] = true; bytes[mpn] = JUNK; mpn = 0

/* Machine.releasePrivate (stable: nothing names the frame any more) */
inline releasePrivate(mpn) {
#if MUTANT != FREE_WHILE_FILED
  remove(mpn);
#endif
  d_step { state[mpn] = 0; free(mpn) }
}

/* Machine.dropReference: one subtraction, and what it returns. */
inline dropReference(mpn) {
#if MUTANT == DROP_IN_TWO_STEPS
  if
  :: state[mpn] != 1 -> d_step { state[mpn] = state[mpn] - 1; mpn = 0 }
  :: state[mpn] == 1 -> state[mpn] = 0; remove(mpn); d_step { free(mpn) }
  fi
#else
  if
  :: d_step { state[mpn] != 1 -> assert(state[mpn] > 1); state[mpn] = state[mpn] - 1; mpn = 0 }
  :: d_step { state[mpn] == 1 -> state[mpn] = 0 }; remove(mpn); d_step { free(mpn) }
  fi
#endif
}

/* ---- Guests (mmu.ts) ---------------------------------------------------------------------------------------------- */

/* The guest's own PTE while it holds the lock: nobody else changes it. */
#define myPte (pte[page] & ~LOCKED)

#define isTaken(mpn) (!isFree[mpn])

/*
 * Mmu.allocateFrame, with the allocator: any free frame, or none. A stalled guest waits here, and when its limit is over
 * unlocks its page as it was. The code's then ends; here it may also come again.
 */
inline allocateFrame() {
  if
  :: d_step { isFree[0] -> isFree[0] = false; frame = 0 }
  :: d_step { isFree[1] -> isFree[1] = false; frame = 1 }
#if FRAMES > 2
  :: d_step { isFree[2] -> isFree[2] = false; frame = 2 }
#endif
#if FRAMES > 3
  :: d_step { isFree[3] -> isFree[3] = false; frame = 3 }
#endif
  :: d_step { ALL_FRAMES(isTaken) -> unlock(page, myPte) }; goto gaveUp
  fi
}

/* Mmu.mapPrivate (stable: nobody else knows the frame, and of a locked PTE others use no more than that it is locked) */
#define mapPrivate() state[frame] = ownedBy(page); pte[page] = privatePte(frame) | LOCKED; hashHolds[page] = false; frame = 0

/* Mmu.breakSharing. The shared frame can't change while it has a reference, so the copy is one step (stable). */
inline breakSharing() {
#if MUTANT == DROP_BEFORE_COPY
  sharedFrame = mpnOf(myPte);
  allocateFrame();
  dropReference(sharedFrame);
  d_step { bytes[frame] = bytes[mpnOf(myPte)]; mapPrivate() }
#else
  allocateFrame();
  d_step { sharedFrame = mpnOf(myPte); bytes[frame] = bytes[sharedFrame]; mapPrivate() };
  dropReference(sharedFrame)
#endif
}

/* Mmu.bringIn: from the swap file, which may fail, or with zeros (stable). */
inline bringIn() {
  allocateFrame();
  if
  :: d_step { myPte == SWAPPED -> bytes[frame] = slot[page]; slot[page] = JUNK; mapPrivate() }
  :: d_step { myPte == SWAPPED -> free(frame) }; d_step { unlock(page, myPte) }; goto gaveUp
  :: d_step { myPte == 0 -> bytes[frame] = ZERO_PAGE; mapPrivate() }
  fi
}

/*
 * The store of one word, into a frame of its own. It and the unlock are one step (stable): what is in the frame
 * half-stored, others see only when they hash it without a lock.
 */
#define write(others, value) \
  assert(state[mpnOf(pte[page])] == ownedBy(page)); \
  bytes[mpnOf(pte[page])] = (bytes[mpnOf(pte[page])] & others) | value; \
  wrote[page] = (wrote[page] & others) | value; \
  hashHolds[page] = false
#if MUTANT == STORE_WITHOUT_LOCK
#define store(others, value) \
  d_step { (pte[page] & WRITABLE) -> frame = mpnOf(pte[page]); unlock(page, myPte) }; \
  d_step { bytes[frame] = (bytes[frame] & others) | value; wrote[page] = (wrote[page] & others) | value; frame = 0 }
#else
#if MUTANT == STORE_KEEPS_UNTOUCHED
#define afterStore (storedTo(myPte) | (myPte & UNTOUCHED))
#elif MUTANT == STORE_KEEPS_HINTED
#define afterStore (storedTo(myPte) | (myPte & HINTED))
#else
#define afterStore storedTo(myPte)
#endif
#define store(others, value) d_step { (pte[page] & WRITABLE) -> write(others, value); unlock(page, afterStore) }
#endif

/* A load or a store: Mmu.load, or lockWritable and finishStore. */
proctype guest(byte page) {
  byte frame, sharedFrame;
  {
    do
    :: true ->
      lock(page);
      if
      :: pte[page] & PRESENT
      :: pte[page] & SHARED -> breakSharing()
      :: !(pte[page] & PRESENT) -> bringIn()
      fi;
      if
      :: d_step { assert(bytes[mpnOf(pte[page])] == wrote[page]); unlock(page, myPte) }
#if WORDS == 2
      :: store(2, 0)
      :: store(2, 1)
      :: store(1, 0)
      :: store(1, 2)
#else
      :: store(0, 0)
      :: store(0, 1)
#endif
      fi;
gaveUp: skip
    :: break
    od
  } MORTAL;
over:
  working--
}

/* ---- Scanner and reclaimer (tps.ts, reclaimer.ts) ------------------------------------------------------------------- */

/*
 * The scanner's variables: the page that it visits, its PTE as it was seen, and whether it is one of its own, so marked and to
 * be filed; the hash; what was found, the PTE of a hint's page as it was locked; what fileShared returned. What a turn leaves
 * in them means nothing to the next.
 */
#define forget() \
  page = 0; word = 0; own = false; hash = 0; foundPage = 0; foundMpn = 0; hintWord = 0; linked = false

/* A page is taken, whichever may be, and its PTE is old at once. Where there is nothing to be done, nothing is. */
#define choose(number, may) d_step { may(pte[number]) -> page = number; word = pte[number] }
#if GUESTS == 2
#define chooseAny(may) if :: choose(0, may) :: choose(1, may) fi
#else
#define chooseAny(may) if :: choose(0, may) :: choose(1, may) :: choose(2, may) fi
#endif

/* PageKernels.equal: one step with what follows it, as both frames are under a lock of ours or shared (stable). */
#if MUTANT == MERGE_WITHOUT_COMPARISON
#define isEqual(mpn, other) true
#else
#define isEqual(mpn, other) (bytes[mpn] == bytes[other])
#endif

/* TpsPolicy.afterMismatch: what to unlock the page with (stable). That is what a false match is: */
#define unlockMismatch(other) \
  assert(!hasHash(bytes[mpnOf(word)], hash) || hasHash(bytes[other], hash)); \
  unlock(page, (hasHash(bytes[mpnOf(word)], hash) -> word | INELIGIBLE : word))

inline joinShared() {
  if
#if MUTANT == FREE_BEFORE_REMAP
  :: isEqual(mpnOf(word), foundMpn) ->
    mpn = mpnOf(word);
    releasePrivate(mpn);
    d_step { unlock(page, sharedPte(foundMpn)); forget() }
#else
  :: d_step { isEqual(mpnOf(word), foundMpn) -> unlock(page, sharedPte(foundMpn)); mpn = mpnOf(word); forget() };
    releasePrivate(mpn)
#endif
  :: d_step { !isEqual(mpnOf(word), foundMpn) -> unlockMismatch(foundMpn); mpn = foundMpn; forget() };
#if MUTANT != KEEP_REFERENCE
    dropReference(mpn)
#endif
  fi
}

/*
 * mergeWithHint. The look at the hint's PTE is one step with the lock (retry). It is passed over when it has changed or is
 * locked, here at any time; that a stale one is taken off the table leads back to the look-up. When both PTEs are ours,
 * isFiledUnder is one step with the comparison that follows it (stable).
 */
#define isHintOfItsPage (isIdlePrivate(pte[foundPage]) && mpnOf(pte[foundPage]) == foundMpn)

#if MUTANT == BELIEVE_HINT
#define isStale false
#else
#define isStale (!(hintWord & HINTED))
#endif
/* Only where there are two hashes that pages are filed under as hints. */
#if WORDS == 1 && HASHES == 2 && MUTANT != BELIEVE_REFILED_HINT
#define CAN_BE_REFILED
#define isRefiled (filedHash[foundMpn] != hash)
#else
#define isRefiled false
#endif
#define isHintEqual isEqual(mpnOf(word), foundMpn)

inline mergeWithHint() {
  if
  :: d_step { isHintOfItsPage ->
      hintWord = pte[foundPage]; pte[foundPage] = hintWord | LOCKED; holder[foundPage] = _pid };
    if
    :: isStale ->
      remove(foundMpn);
      d_step { unlock(foundPage, hintWord); foundPage = 0; foundMpn = 0; hintWord = 0 };
      goto lookUp
#ifdef CAN_BE_REFILED
    :: d_step { !isStale && isRefiled -> unlock(foundPage, hintWord); foundPage = 0; foundMpn = 0; hintWord = 0 };
      goto lookUp
#endif
    :: d_step { !isStale && !isRefiled && isHintEqual -> assert(filed[foundMpn]) };
      promote(foundMpn, 2);
      d_step { unlock(foundPage, sharedPte(foundMpn)); foundPage = 0; hintWord = 0 };
      d_step { unlock(page, sharedPte(foundMpn)); mpn = mpnOf(word); forget() };
      releasePrivate(mpn)
    :: d_step { !isStale && !isRefiled && !isHintEqual ->
        unlockMismatch(foundMpn); page = 0; word = 0; own = false; hash = 0; foundMpn = 0 };
      d_step { unlock(foundPage, hintWord); forget() }
    fi
#if MUTANT == WAIT_FOR_SECOND_PTE
  :: d_step { !(pte[foundPage] & LOCKED) && !isHintOfItsPage -> unlock(page, word); forget() }
#else
  :: d_step { unlock(page, word); forget() }
#endif
  fi
}

inline shareZero() {
  if
  :: bytes[mpnOf(word)] == ZERO_PAGE ->
    fileShared(mpnOf(word), hash, 1, linked);
    d_step { unlock(page, (linked -> sharedPte(mpnOf(word)) : word)); forget() }
  :: d_step { bytes[mpnOf(word)] != ZERO_PAGE -> unlock(page, word); forget() }
  fi
}

/*
 * visit, of one of the scanner's own pages, which it marks and may file; or in passing, of any, as the reclaimer does. The
 * look at the PTE is one step with the mark (retry); where that fails, nothing is done.
 *
 * The hash is taken without a lock. If nothing was stored since the page was marked, it is that of its bytes; else, and in
 * passing always, it may be of a page that is half-stored, freed, or another's, and is any value. It is chosen when the page
 * is locked, as nothing depends on it before (local).
 */
#if SCANNERS == 2
#define owns(page) ((page) == number)
#else
#define owns(page) true
#endif
#define mayBeVisited(word) (((word) & (PRESENT | SHARED | INELIGIBLE | HINTED | LOCKED)) == PRESENT)
#if MUTANT == MARK_AFTER_HASH
#define lookAtOwn(number) d_step { owns(number) && mayBeVisited(pte[number]) -> \
    page = number; own = true; word = pte[number]; hashHolds[number] = true }
#else
#define lookAtOwn(number) d_step { owns(number) && mayBeVisited(pte[number]) -> \
    page = number; own = true; pte[number] = pte[number] | UNTOUCHED; word = pte[number]; hashHolds[number] = true }
#endif
#if MUTANT == VISITOR_MARKS
#define lookAt(number) d_step { mayBeVisited(pte[number]) -> \
    page = number; pte[number] = pte[number] | UNTOUCHED; word = pte[number] }
#else
#define lookAt(number) choose(number, mayBeVisited)
#endif

#define mayHash(value) (!(own && hashHolds[page]) || hasHash(bytes[mpnOf(word)], value))
#define endsHash() hashHolds[page] = hashHolds[page] && !own
#define lockHashed(value) d_step { canLock(page, word) && mayHash(value) -> \
    pte[page] = pte[page] | LOCKED; holder[page] = _pid; hash = value; endsHash() }

#if MUTANT == VISITOR_FILES
#define files (!isZeroHash(hash))
#else
#define files (own && !isZeroHash(hash))
#endif
#define isNothing (foundMpn == NOBODY)
#define isShared (foundMpn != NOBODY && foundPage == NOBODY)
#define isHint (foundMpn != NOBODY && foundPage != NOBODY)

inline visit() {
  if
  :: lookAtOwn(0)
  :: lookAtOwn(1)
  :: lookAt(0)
  :: lookAt(1)
#if GUESTS == 3
  :: lookAtOwn(2)
  :: lookAt(2)
#endif
  fi;
#if MUTANT == MARK_AFTER_HASH
  d_step {
    if
    :: own && canLock(page, word) -> pte[page] = pte[page] | UNTOUCHED; word = word | UNTOUCHED
    :: else
    fi
  };
#endif
  if
  :: lockHashed(1)
#if HASHES == 2
  :: lockHashed(0)
#endif
  :: d_step { !canLock(page, word) -> endsHash(); forget() }; goto passed
  fi;
lookUp:
  if
  :: files -> findOrFile(mpnOf(word), hash)
  :: !files -> find(hash, mpnOf(word))
  fi;
  if
  :: d_step { isShared -> foundPage = 0 }; joinShared()
  :: isHint -> mergeWithHint()
#if WORDS == 2
  :: d_step { isNothing && isZeroHash(hash) -> foundPage = 0; foundMpn = 0 }; shareZero()
#endif
  :: d_step { isNothing && !isZeroHash(hash) -> unlock(page, (files -> word | HINTED : word)); forget() }
  fi;
passed: skip
}

/* Reclaimer.swapOut: the write may fail. */
inline swapOut() {
  chooseAny(isIdlePrivate);
#if MUTANT == SWAP_BEFORE_LOCK
  slot[page] = bytes[mpnOf(word)];
#endif
  if
  :: tryLock(page, word) ->
#if MUTANT != SWAP_BEFORE_LOCK
    slot[page] = bytes[mpnOf(word)];
#endif
    if
#if MUTANT == FREE_BEFORE_SWAPPED
    :: mpn = mpnOf(word); releasePrivate(mpn); d_step { unlock(page, SWAPPED); page = 0; word = 0 }
#else
    :: d_step { unlock(page, SWAPPED); mpn = mpnOf(word); page = 0; word = 0 }; releasePrivate(mpn)
#endif
    :: d_step { slot[page] = JUNK; unlock(page, word); page = 0; word = 0 }
    fi
  :: d_step { !canLock(page, word) -> page = 0; word = 0 }
  fi
}

#if SCANNERS > 0
/* Of two, each has one guest's page. */
proctype scanner(byte number) {
  byte page, mpn, hash, foundPage, foundMpn;
  short word, hintWord;
  bool own, linked;
  {
    do
    :: visit()
    :: break
    od
  } MORTAL;
over:
  working--
}
#endif

#if RECLAIMERS > 0
/* Before it swaps a page out it visits it in passing, as scanners do here. */
proctype reclaimer() {
  byte page, mpn;
  short word;
  {
    do
    :: swapOut()
    :: break
    od
  } MORTAL;
over:
  working--
}
#endif

/* ---- What must hold ------------------------------------------------------------------------------------------------ */

#define maps(page, mpn) ((pte[page] & PRESENT) && mpnOf(pte[page]) == (mpn))
#define shares(page, mpn) (maps(page, mpn) && (pte[page] & SHARED))

/* A page that nobody acts on holds what its guest stored last, in a frame of its own or a shared one, or in the file. */
#define pageIsSound(page) \
  ((pte[page] & LOCKED) || \
   ((pte[page] & PRESENT) && (pte[page] & (WRITABLE | SHARED)) == WRITABLE && \
      state[mpnOf(pte[page])] == ownedBy(page) && bytes[mpnOf(pte[page])] == wrote[page]) || \
   ((pte[page] & PRESENT) && (pte[page] & (WRITABLE | SHARED)) == SHARED && \
      state[mpnOf(pte[page])] > 0 && bytes[mpnOf(pte[page])] == wrote[page]) || \
   (pte[page] == SWAPPED && slot[page] == wrote[page]) || \
   (pte[page] == 0 && wrote[page] == ZERO_PAGE))

/*
 * Only a private page bears marks. And that is what they are for: of a hinted page that nobody acts on the frame is filed, under
 * the hash of the bytes that it holds. It rests on each page having one scanner of its own.
 */
#define marksAreSound(page) \
  (((pte[page] & (INELIGIBLE | UNTOUCHED | HINTED)) == 0 || (pte[page] & WRITABLE)) && \
   ((pte[page] & (HINTED | LOCKED)) != HINTED || \
      (filed[mpnOf(pte[page])] && hasHash(bytes[mpnOf(pte[page])], filedHash[mpnOf(pte[page])]))))

/*
 * A frame that is free or between two owners is not mapped, a private one by its owner at most; references suffice; and a
 * shared one is filed under the hash of its bytes.
 */
#define frameIsSound(mpn) \
  ((state[mpn] != 0 || SUM_OF_PAGES(maps, mpn) == 0) && \
   (state[mpn] >= 0 || SUM_OF_PAGES(maps, mpn) == maps(ownerOf(state[mpn]), mpn)) && \
   (state[mpn] <= 0 || SUM_OF_PAGES(shares, mpn) <= state[mpn]) && \
   (state[mpn] <= 0 || !filed[mpn] || hasHash(bytes[mpn], filedHash[mpn])) && \
   (!isFree[mpn] || (state[mpn] == 0 && !filed[mpn])))

/* No two live entries of the share table have the same hash. */
#define entriesDiffer(mpn, other) \
  (!filed[mpn] || !filed[other] || filedHash[mpn] != filedHash[other] || state[mpn] == 0 || state[other] == 0)

#define SOUND (ALL_PAGES(pageIsSound) && ALL_PAGES(marksAreSound) && ALL_FRAMES(frameIsSound) && ALL_PAIRS(entriesDiffer))

/* What must come about, or the model proves nothing: -DGOAL=one of these must be found. */
#define ineligiblePage (pte[0] & INELIGIBLE)
#define sharedByTwo (shares(0, 0) && shares(1, 0))
#define swappedPage (pte[0] == SWAPPED)
#define noFrameLeft (ALL_FRAMES(isTaken) && pte[0] == LOCKED)
#define dyingEntry (filed[0] && state[0] == 0)
#define hintedPage ((pte[0] & (HINTED | LOCKED)) == HINTED)
#define oldHint (filed[0] && state[0] < 0 && !hasHash(bytes[0], filedHash[0]))

/* In every state: its step can be taken in no sound one, so it adds no state. */
active proctype watch() {
end:
  do
  :: !SOUND -> assert(false)
#ifdef GOAL
  :: GOAL -> assert(false)
#endif
  od
}

/* audit.ts, when all threads are done. What a dead thread held may be left locked, referenced or unmapped. */
inline audit() {
  d_step {
    for (each : 0 .. GUESTS - 1) {
      assert(!(pte[each] & LOCKED) || isGone(holder[each]))
    }
    for (each : 0 .. FRAMES - 1) {
      if
      :: gone -> skip
      :: !gone && state[each] < 0 -> assert(maps(ownerOf(state[each]), each))
      :: !gone && state[each] == 0 -> assert(isFree[each])
      :: !gone && state[each] > 0 -> assert(SUM_OF_PAGES(shares, each) == state[each] && filed[each])
      fi
    }
  }
}

#define THREADS (GUESTS + SCANNERS + RECLAIMERS)
#define FIRST_THREAD 2

#ifdef DEATH
proctype death() {
  byte thread;
  atomic {
    select (thread : FIRST_THREAD .. FIRST_THREAD + THREADS - 1);
    victim = thread;
    gone = gone | (1 << thread)
  }
}
#endif

init {
  atomic {
    for (each : 0 .. FRAMES - 1) { isFree[each] = true; bytes[each] = JUNK }
    for (each : 0 .. GUESTS - 1) { holder[each] = NOBODY; slot[each] = JUNK; run guest(each) }
#if SCANNERS > 0
    for (each : 1 .. SCANNERS) { run scanner(each - 1) }
#endif
#if RECLAIMERS > 0
    for (each : 1 .. RECLAIMERS) { run reclaimer() }
#endif
#ifdef DEATH
    run death();
#endif
    working = THREADS
  };
  working == 0 -> audit()
}
