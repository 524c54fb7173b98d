/*
 * The page protocol (protocol.md) as a model for the checker spin: every interleaving of a few threads on a few pages.
 *
 * How to read it. Each inline is named after the function of the code that it stands for. What stands between two
 * semicolons (or before an arrow) is one step, during which no other thread moves: one atomic operation of the code, or
 * work on what the thread's locks keep others from changing. Threads take any number of turns.
 *
 * Where a d_step or an atomic joins what the code does in several steps, the reason is one of these.
 *   ghost  it writes what only the checker reads: holder, wrote, gone
 *   retry  a look and a compare-and-exchange of what was seen, repeated until it succeeds: nothing happens before the
 *          last exchange, and that one step has seen what it changes
 *   stable all but one of its operations are on words that no other thread may write meanwhile
 *   local  it chooses, or touches the thread's own variables
 *
 * What is checked: assertions in the steps; SOUND, in every state; `audit`, when all threads are done; and that no
 * thread is left waiting (spin's invalid end states).
 *
 * Size, by -D: GUESTS (2 or 3), FRAMES (2 to 4), WORDS and HASHES (1 or 2), SCANNERS and RECLAIMERS (0 or more).
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
#define COMPARE_BEFORE_LOCK 5
#define FREE_BEFORE_REMAP 6
#define FREE_WHILE_FILED 7
#define TRY_LOCK_ANYTHING 8
#define JOIN_AT_ZERO 9
#define KEEP_REFERENCE 10
#define PROMOTE_WITHOUT_LOOK 11
#define FILE_WITHOUT_LOOK 12
#define WAIT_FOR_SECOND_PTE 13
#define SWAP_BEFORE_LOCK 14
#define FREE_BEFORE_SWAPPED 15
#define WAIT_FOR_EVER 16

/* pte.ts: the same bits, with a frame number of two. Guest g has one page, page g. */
#define PRESENT 1
#define WRITABLE 2
#define LOCKED 4
#define SHARED 8
#define SWAPPED 16
#define INELIGIBLE 32
#define MPN_SHIFT 6
#define privatePte(mpn) (((mpn) << MPN_SHIFT) | PRESENT | WRITABLE)
#define sharedPte(mpn) (((mpn) << MPN_SHIFT) | PRESENT | SHARED)
#define mpnOf(word) ((word) >> MPN_SHIFT)
#define isIdlePrivate(word) (((word) & (PRESENT | WRITABLE | LOCKED | SHARED)) == (PRESENT | WRITABLE))

/* frames.ts */
#define ownedBy(page) (-(page) - 1)
#define ownerOf(state) (-(state) - 1)

/*
 * A page is WORDS words of one bit, and its hash is the first of two, or no word at all: so pages are often equal, and
 * often only by their hash.
 */
#define ZERO_PAGE 0
#if WORDS == 2
#define hashOf(contents) ((contents) & 1)
#else
#define hashOf(contents) 0
#endif

#define NOBODY 255
#define JUNK 4

byte pte[GUESTS]
byte bytes[FRAMES]
short state[FRAMES]
/* The share table: is the frame an entry, and under which hash? One bucket, and its chain as a set. */
bool filed[FRAMES]
bit filedHash[FRAMES]
bool isFree[FRAMES]
byte slot[GUESTS]

/* Ghosts: what each guest stored last; who holds its PTE; which threads are dead (a bit each); how many are not done. */
byte wrote[GUESTS]
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

/* link (stable: of the entries with this hash one at most is not dying, see SOUND) */
inline link(mpn, hash, newState, linked) {
  underBucketLock(
    linked = true;
    for (each : 0 .. FRAMES - 1) {
      if
      :: filed[each] && filedHash[each] == hash && state[each] != 0 && MUTANT != FILE_WITHOUT_LOOK -> linked = false
      :: else
      fi
    }
    if
    :: linked -> assert(!filed[mpn]); filed[mpn] = true; filedHash[mpn] = hash; state[mpn] = newState
    :: else
    fi
  )
}

/* fileHint and fileShared */
inline file(mpn, hash, newState, linked) {
  remove(mpn);
  link(mpn, hash, newState, linked)
}

inline promote(mpn, references) { underBucketLock(state[mpn] = references) }

/*
 * find, with tryAddReference (stable, as link; retry). foundMpn is NOBODY if there is nothing to be found, foundPage is
 * NOBODY if it is a shared frame, to which there is a reference now.
 */
inline find(hash, self) {
  underBucketLock(
    foundMpn = NOBODY;
    foundPage = NOBODY;
    for (each : 0 .. FRAMES - 1) {
      if
      :: each != self && filed[each] && filedHash[each] == hash && state[each] < 0 ->
        foundMpn = each;
        foundPage = ownerOf(state[each])
      :: each != self && filed[each] && filedHash[each] == hash && state[each] >= (MUTANT != JOIN_AT_ZERO) ->
        foundMpn = each;
        foundPage = NOBODY;
        state[each] = state[each] + 1
      :: else
      fi
    }
  )
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
#define mapPrivate() state[frame] = ownedBy(page); pte[page] = privatePte(frame) | LOCKED; frame = 0

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
#define put(others, value) \
  assert(state[mpnOf(pte[page])] == ownedBy(page)); \
  bytes[mpnOf(pte[page])] = (bytes[mpnOf(pte[page])] & others) | value; \
  wrote[page] = (wrote[page] & others) | value
#if MUTANT == STORE_WITHOUT_LOCK
#define store(others, value) \
  d_step { (pte[page] & WRITABLE) -> frame = mpnOf(pte[page]); unlock(page, myPte) }; \
  d_step { bytes[frame] = (bytes[frame] & others) | value; wrote[page] = (wrote[page] & others) | value; frame = 0 }
#else
#define store(others, value) d_step { (pte[page] & WRITABLE) -> put(others, value); unlock(page, myPte & ~INELIGIBLE) }
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
 * The scanner's variables: the page that it visits and its PTE as it was seen; the hash; what was found, the PTE of a
 * hint's page as it was seen; what link returned. What a turn leaves in them means nothing to the next.
 */
#define forget() page = 0; word = 0; hash = 0; foundPage = 0; foundMpn = 0; hintWord = 0; linked = false

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
#elif MUTANT == COMPARE_BEFORE_LOCK
#define isEqual(mpn, other) linked
#else
#define isEqual(mpn, other) (bytes[mpn] == bytes[other])
#endif

/* TpsPolicy.afterMismatch: what to unlock the page with. Both hashes are taken again (stable). */
#define afterMismatch(other) (hashOf(bytes[mpnOf(word)]) == hashOf(bytes[other]) -> word | INELIGIBLE : word)

inline joinShared() {
#if MUTANT == COMPARE_BEFORE_LOCK
  linked = (bytes[mpnOf(word)] == bytes[foundMpn]);
#endif
  if
  :: tryLock(page, word) ->
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
    :: d_step { !isEqual(mpnOf(word), foundMpn) ->
        unlock(page, afterMismatch(foundMpn)); mpn = foundMpn; forget() };
#if MUTANT != KEEP_REFERENCE
      dropReference(mpn)
#endif
    fi
  :: d_step { !canLock(page, word) -> mpn = foundMpn; forget() }; dropReference(mpn)
  fi
}

/*
 * mergeWithHint, when both PTEs are ours: so isFiledUnder is one step with the comparison and the hash that follows it
 * (stable).
 */
#if MUTANT == PROMOTE_WITHOUT_LOOK
#define isFiledUnder(mpn, hash) true
#else
#define isFiledUnder(mpn, hash) (filed[mpn] && filedHash[mpn] == hash)
#endif

/* Of one hash every page has it. */
#if HASHES == 2
#define stillHashes(mpn, hash) (hashOf(bytes[mpn]) == hash)
#else
#define stillHashes(mpn, hash) true
#endif

inline mergeLocked() {
  if
  :: d_step { isFiledUnder(foundMpn, hash) && isEqual(mpnOf(word), foundMpn) && stillHashes(foundMpn, hash) -> hash = 0 };
    promote(foundMpn, 2);
    d_step { unlock(foundPage, sharedPte(foundMpn)); foundPage = 0; hintWord = 0 };
    d_step { unlock(page, sharedPte(foundMpn)); mpn = mpnOf(word); forget() };
    releasePrivate(mpn)
  :: d_step { isFiledUnder(foundMpn, hash) && !isEqual(mpnOf(word), foundMpn) ->
      unlock(page, afterMismatch(foundMpn)); page = 0; word = 0; hash = 0; foundMpn = 0 };
    d_step { unlock(foundPage, hintWord); forget() }
  :: d_step { !isFiledUnder(foundMpn, hash) || (isEqual(mpnOf(word), foundMpn) && !stillHashes(foundMpn, hash)) ->
      unlock(page, word); page = 0; word = 0; hash = 0; foundMpn = 0 };
    d_step { unlock(foundPage, hintWord); forget() }
  fi
}

/* mergeWithHint, with lockBoth: the PTE of the lower page first */
inline mergeWithHint() {
#if MUTANT == WAIT_FOR_SECOND_PTE
  if
  :: tryLock(page, word) -> tryLock(foundPage, hintWord); mergeLocked()
  :: d_step { !canLock(page, word) -> forget() }
  fi
#else
  if
  :: page < foundPage ->
    if
    :: tryLock(page, word) ->
      if
      :: tryLock(foundPage, hintWord) -> mergeLocked()
      :: d_step { !canLock(foundPage, hintWord) -> unlock(page, word); forget() }
      fi
    :: d_step { !canLock(page, word) -> forget() }
    fi
  :: page >= foundPage ->
    if
    :: tryLock(foundPage, hintWord) ->
      if
      :: tryLock(page, word) -> mergeLocked()
      :: d_step { !canLock(page, word) -> unlock(foundPage, hintWord); forget() }
      fi
    :: d_step { !canLock(foundPage, hintWord) -> forget() }
    fi
  fi
#endif
}

inline dropStaleHint() {
  if
  :: tryLock(foundPage, hintWord) ->
    remove(foundMpn);
    d_step { unlock(foundPage, hintWord); foundPage = 0; foundMpn = 0; hintWord = 0 }
  :: d_step { !canLock(foundPage, hintWord) -> foundPage = 0; foundMpn = 0; hintWord = 0 }
  fi
}

inline shareZero() {
  if
  :: tryLock(page, word) ->
    if
    :: bytes[mpnOf(word)] == ZERO_PAGE ->
      file(mpnOf(word), hash, 1, linked);
      d_step { unlock(page, (linked -> sharedPte(mpnOf(word)) : word)); forget() }
    :: d_step { bytes[mpnOf(word)] != ZERO_PAGE -> unlock(page, word); forget() }
    fi
  :: d_step { !canLock(page, word) -> forget() }
  fi
}

inline leaveHint() {
  if
  :: tryLock(page, word) -> file(mpnOf(word), hash, ownedBy(page), linked); d_step { unlock(page, word); forget() }
  :: d_step { !canLock(page, word) -> forget() }
  fi
}

/*
 * visit. A hash taken without a lock may be of a page that is half-stored, freed, or another's: here it is any value,
 * always, and so is what hintHolds finds when it hashes again. The first look at isFiledUnder, which only spares work,
 * is left out. mergeWithHint and dropStaleHint begin with the same look at the hint's PTE. The reclaimer's visits leave
 * no hint.
 */
#define mayBeVisited(word) (((word) & (PRESENT | SHARED | INELIGIBLE | LOCKED)) == PRESENT)
#define isShared (foundMpn != NOBODY && foundPage == NOBODY)
#define isHint (foundMpn != NOBODY && foundPage != NOBODY)
#define isHintOfItsPage (isIdlePrivate(pte[foundPage]) && mpnOf(pte[foundPage]) == foundMpn)

inline visit() {
  atomic {
    chooseAny(mayBeVisited);
    if
    :: hash = 1
#if HASHES == 2
    :: hash = 0
#endif
    fi
  };
  find(hash, mpnOf(word));
  if
  :: d_step { isShared -> hash = 0; foundPage = 0 }; joinShared(); goto passed
  :: d_step { isHint && isHintOfItsPage -> hintWord = pte[foundPage] };
    if
    :: mergeWithHint(); goto passed
    :: dropStaleHint()
    fi
  :: d_step { isHint && !isHintOfItsPage -> foundPage = 0; foundMpn = 0 }
  :: d_step { foundMpn == NOBODY && hash == hashOf(ZERO_PAGE) -> foundPage = 0; foundMpn = 0 }; shareZero(); goto passed
  :: d_step { foundMpn == NOBODY && hash != hashOf(ZERO_PAGE) -> foundPage = 0; foundMpn = 0 }
  fi;
  if
  :: leaveHint()
  :: d_step { forget() }
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

proctype scanner() {
  byte page, word, mpn, foundPage, foundMpn, hintWord;
  bit hash;
  bool linked;
  {
    do
    :: visit()
    :: break
    od
  } MORTAL;
over:
  working--
}

/* Before it swaps a page out it visits it, as a scanner does that leaves no hint: SCANNERS counts for that. */
proctype reclaimer() {
  byte page, word, mpn;
  {
    do
    :: swapOut()
    :: break
    od
  } MORTAL;
over:
  working--
}

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
 * A frame that is free or between two owners is not mapped, a private one by its owner at most; references suffice; and a
 * shared one is filed under the hash of its bytes.
 */
#define frameIsSound(mpn) \
  ((state[mpn] != 0 || SUM_OF_PAGES(maps, mpn) == 0) && \
   (state[mpn] >= 0 || SUM_OF_PAGES(maps, mpn) == maps(ownerOf(state[mpn]), mpn)) && \
   (state[mpn] <= 0 || SUM_OF_PAGES(shares, mpn) <= state[mpn]) && \
   (state[mpn] <= 0 || !filed[mpn] || stillHashes(mpn, filedHash[mpn])) && \
   (!isFree[mpn] || (state[mpn] == 0 && !filed[mpn])))

/* No two live entries of the share table have the same hash. */
#define entriesDiffer(mpn, other) \
  (!filed[mpn] || !filed[other] || filedHash[mpn] != filedHash[other] || state[mpn] == 0 || state[other] == 0)

#define SOUND (ALL_PAGES(pageIsSound) && ALL_FRAMES(frameIsSound) && ALL_PAIRS(entriesDiffer))

/* What must come about, or the model proves nothing: -DGOAL=one of these must be found. */
#define ineligiblePage (pte[0] & INELIGIBLE)
#define sharedByTwo (shares(0, 0) && shares(1, 0))
#define swappedPage (pte[0] == SWAPPED)
#define noFrameLeft (ALL_FRAMES(isTaken) && pte[0] == LOCKED)
#define dyingEntry (filed[0] && state[0] == 0)
#define oldHint (filed[0] && state[0] < 0 && filedHash[0] != hashOf(bytes[0]))

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
    for (each : 1 .. SCANNERS) { run scanner() }
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
