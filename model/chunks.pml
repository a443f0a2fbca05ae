/* chunks.pml - the memory of a ring: chunks of two slots, the spare ones, the blocks of items, and whose they are.
 *
 * What is modelled: src/queue/chunk.c, commit_put and commit_get of ring.c, is_held of ring_end.c, and sweep_block of
 * src/memory/heap_sweep.c.  P putters of K items each, in batches of up to B; C getters that take up to B items, GETS
 * times; CHUNKS chunks in all the heap, so few that they come again; SPARES kept; each item has a block.
 * What is left out: an end is locked, and a get tried, when it can be (ends.pml has what waits, and that a dead one's end
 * is taken in two steps); a free block is any; positions do not wrap, so that a spare chunk's old sequences are no truth.
 * What is claimed: no chunk is linked twice, or free, or spare while it is in the chain; none is lost; nobody writes or
 * reads slots of a chunk that is free; each item that was committed is got once or still there, and its block with it;
 * of the dead nothing is left in the heap but what the ring holds.
 * BREAK_... take away one line of the protocol each: then pan must find an error.
 * State space: see README.md. */
#ifndef P
#define P 1
#endif
#ifndef C
#define C 1
#endif
#ifndef K
#define K 5
#endif
#ifndef B
#define B 1
#endif
#ifndef GETS
#define GETS 5
#endif
#ifndef CHUNKS
#define CHUNKS 3
#endif
#ifndef SPARES
#define SPARES 1
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#define TIMEUPS 0
#define FOREVER true

#define N (P + C)
#define TAIL 0
#define HEAD 1
#define SLOTS 2
#define ITEMS (P * K)

/* Those of a kind are alike, so they may as well die in the order of their numbers. */
#define MAY_DIE (me == 0 || me == P || life[me - 1] != ALIVE)
#define LOCALS byte i, w, s, x, p, n, k, fresh, drained, hand0, hand1; bool yes, up
#define FORGET w = 0; s = 0; x = 0; p = 0; n = 0; k = 0; fresh = 0; drained = 0; hand0 = 0; hand1 = 0; yes = 0; up = 0

#define NO_NOTES
#define WORDS 1
#include "sleep.pml"

/* Who has a block: */
#define FREE 0
#define OWNER(id) ((id) + 1)
#define QUEUE 100
/* A chunk's number is its index + 1; 0: none. */
#define AT(chunk, position) (((chunk) - 1) * SLOTS + (position) - base[(chunk) - 1])

byte position[2], owner[2] = NOBODY, chunk[2] = 1, spare[SPARES], looked;
byte base[CHUNKS], next[CHUNKS];
byte sequence[CHUNKS * SLOTS], item[CHUNKS * SLOTS]; /* an item's number is its index + 1, too */
byte owner_of[CHUNKS];
byte where[CHUNKS];                /* the position it was published with, + 1; 0: nowhere */
byte item_owner[ITEMS], item_where[ITEMS];
bool put[ITEMS], got[ITEMS];       /* what happened */
bool in_use[CHUNKS];             /* in the chain, in judge() and while it is looked for */

#define HAS_PUT(id) (finished[id] || life[id] != ALIVE)
#define ALL_PUT (HAS_PUT(0) && HAS_PUT(P - 1))

/* x: the chunk with this position, at the head. */
#define HEAD_AT (position[HEAD] - base[chunk[HEAD] - 1] < SLOTS -> chunk[HEAD] : next[chunk[HEAD] - 1])
#define THERE(s, p) ((s) != 0 && (p) - base[(s) - 1] < SLOTS && sequence[AT(s, p)] == (p) + 1)
#define THERE_AT_HEAD THERE(HEAD_AT, position[HEAD])

/* What can be reached from the head. */
inline reach(from) {
    d_step {
        k = 0;
        do :: k < CHUNKS -> in_use[k] = false; k++ :: else -> break od;
        k = from;
        do :: k != 0 -> assert(!in_use[k - 1]); in_use[k - 1] = true; k = next[k - 1] :: else -> break od
    }
}
inline forget_reach() {
    d_step { k = 0; do :: k < CHUNKS -> in_use[k] = false; k++ :: else -> break od; k = 0 }
}

/* A dead owner's end is unlocked where the slots say.  A batch stays in its chunk, so `next` need not be followed. */
inline free_dead(end) {
    if :: end == TAIL ->
            do :: THERE(chunk[TAIL], position[TAIL]) -> position[TAIL]++ :: else -> break od
       :: else fi;
    owner[end] = NOBODY
}
#define CAN_LOCK(end) (owner[end] == NOBODY || IS_DEAD(owner[end]))

inline find_spare() {
    k = 0; x = 0;
    do :: k < SPARES && x == 0 -> x = spare[k]; k++ :: else -> break od;
    k = 0
}
inline forget_spare() {
    k = 0;
    do :: k < SPARES -> if :: spare[k] == x -> spare[k] = 0 :: else fi; k++ :: else -> break od;
    k = 0
}
#define IS_SPARE(x) (spare[0] == (x) || spare[SPARES - 1] == (x))

/* brood__chunk_extend: s becomes the next one, or 0: there is none. */
inline extend() {
    STEP(x = next[s - 1]);
    if :: x == 0 -> /* link_new */
            STEP(find_spare());
            if :: x != 0 -> skip
               :: x == 0 && fresh != 0 -> x = fresh; fresh = 0;
                    STEP(sequence[(x - 1) * SLOTS] = p; sequence[(x - 1) * SLOTS + 1] = p)
               :: else -> goto none
            fi;
#ifdef BREAK_LINK_FIRST
            STEP(next[s - 1] = x);
#endif
            STEP(reach(chunk[HEAD]);
#ifndef BREAK_LINK_FIRST
                 assert(!in_use[x - 1]); /* or it were used twice */
#endif
                 forget_reach();
                 base[x - 1] = p; next[x - 1] = 0);
#ifndef BREAK_PUBLISH
            STEP(where[x - 1] = p + 1);
#endif
            STEP(owner_of[x - 1] = OWNER(me));
#ifndef BREAK_LINK_FIRST
            STEP(assert(next[s - 1] == 0); next[s - 1] = x)
#endif
#ifdef BREAK_FORGET_FOUND
            STEP(forget_spare())
#endif
       :: else
    fi;
#if !defined(BREAK_FORGET) && !defined(BREAK_FORGET_LATE) && !defined(BREAK_FORGET_FOUND)
    STEP(forget_spare());
#endif
    STEP(chunk[TAIL] = x);
#ifdef BREAK_FORGET_LATE
    STEP(forget_spare());
#endif
none:
    s = x; x = 0
}

proctype putter(byte me) {
    LOCALS;
again:
    STEP(CAN_LOCK(TAIL);
         if :: owner[TAIL] != NOBODY -> free_dead(TAIL) :: else fi;
         owner[TAIL] = me; p = position[TAIL]; s = chunk[TAIL]);
    if :: p - base[s - 1] == SLOTS -> extend() :: else fi;
    if :: s == 0 -> /* allocate without the lock, and try again */
            STEP(owner[TAIL] = NOBODY; p = 0);
            STEP(do :: x < CHUNKS && owner_of[x] != FREE -> x++ :: else -> break od;
                 assert(x < CHUNKS); owner_of[x] = OWNER(me); fresh = x + 1; x = 0);
            goto again
       :: else
    fi;
    n = 1;
    if :: B > 1 && i + 1 < K && p + 1 - base[s - 1] < SLOTS -> n = 2 :: true fi;
    do :: k < n ->
            STEP(w = me * K + i; assert(owner_of[s - 1] != FREE && base[s - 1] <= p && p + k - base[s - 1] < SLOTS);
#ifndef BREAK_ITEM_WHERE
                 item_where[w] = p + k + 1;
#endif
                 item[AT(s, p + k)] = w + 1);
            STEP(sequence[AT(s, p + k)] = p + k + 1; put[w] = true; w = 0; k++; i++)
       :: else -> break
    od;
    k = 0;
    STEP(assert(owner[TAIL] == me && position[TAIL] == p); position[TAIL] = p + n; owner[TAIL] = NOBODY; p = 0; s = 0; n = 0);
    if :: i < K && fresh == 0 -> goto again :: else fi;
    if :: fresh != 0 -> STEP(owner_of[fresh - 1] = FREE; fresh = 0) :: else fi;
    if :: i < K -> goto again :: else -> i = 0 fi;
    STEP(skip); /* it may die now, too */
    END
}

/* brood__chunk_leave: x is the chunk that the head is in now. */
inline leave() {
#ifndef BREAK_LEAVE_TAKE
    STEP(owner_of[s - 1] = OWNER(me));
#endif
#ifndef BREAK_LOOKED
    STEP(if :: looked == s -> looked = 0 :: else fi);
#endif
#ifdef BREAK_RECYCLE_EARLY
    drained = s;
    recycle();
#endif
#ifndef BREAK_LEAVE_LATE
    STEP(chunk[HEAD] = x)
#endif
}

/* brood__chunk_recycle */
inline recycle() {
    STEP(do :: k < SPARES && drained != 0 -> if :: spare[k] == 0 -> spare[k] = drained; drained = 0 :: else fi; k++
            :: else -> break od;
         k = 0);
    if :: drained != 0 ->
            STEP(reach(chunk[HEAD]); assert(!in_use[drained - 1] && !IS_SPARE(drained) && chunk[TAIL] != drained); forget_reach();
                 assert(owner_of[drained - 1] == OWNER(me)); owner_of[drained - 1] = FREE; drained = 0)
       :: else
    fi
}

proctype getter(byte me) {
    LOCALS;
again:
    STEP(CAN_LOCK(HEAD) && (THERE_AT_HEAD || ALL_PUT);
         if :: owner[HEAD] != NOBODY -> owner[HEAD] = NOBODY :: else fi;
         if :: THERE_AT_HEAD -> owner[HEAD] = me; p = position[HEAD]; x = HEAD_AT :: else -> goto out fi);
    do :: n < B && THERE(x, p + n) ->
            STEP(w = item[AT(x, p + n)]; assert(owner_of[x - 1] != FREE && w != 0);
#ifndef BREAK_OWN_ITEM
                 item_owner[w - 1] = OWNER(me);
#endif
                 if :: n == 0 -> hand0 = w :: else -> hand1 = w fi;
                 w = 0; n++)
       :: else -> break
    od;
    s = chunk[HEAD];
    if :: x != s ->
            leave();
#ifndef BREAK_RECYCLE_EARLY
            drained = s
#endif
       :: else
    fi;
    s = 0;
#ifdef BREAK_FREE_BEFORE_COMMIT
    STEP(item_owner[hand0 - 1] = FREE);
#endif
    STEP(assert(owner[HEAD] == me && position[HEAD] == p); /* the commit */
         position[HEAD] = p + n; owner[HEAD] = NOBODY; p = 0; n = 0;
         assert(!got[hand0 - 1]); got[hand0 - 1] = true;
         if :: hand1 != 0 -> assert(!got[hand1 - 1]); got[hand1 - 1] = true :: else fi);
#ifdef BREAK_LEAVE_LATE
    STEP(chunk[HEAD] = x);
#endif
    x = 0;
    if :: drained != 0 -> recycle() :: else fi;
    STEP(item_owner[hand0 - 1] = FREE; hand0 = 0);
    if :: hand1 != 0 -> STEP(item_owner[hand1 - 1] = FREE; hand1 = 0) :: else fi;
    i++;
    if :: i < GETS -> goto again :: else fi;
out:
    i = 0;
    STEP(skip); /* it may die now, too */
    END
}

/* brood__ring_holds: under both locks, whose owner it asks after itself; what comes of it is done without them. */
#define CAN_LOCK_FOR_SWEEP(end) (owner[end] == NOBODY || life[owner[end] % N] != ALIVE)
inline lock_both() {
    atomic { CAN_LOCK_FOR_SWEEP(HEAD); owner[HEAD] = N };
    atomic { CAN_LOCK_FOR_SWEEP(TAIL); if :: owner[TAIL] != NOBODY -> free_dead(TAIL) :: else fi; owner[TAIL] = N }
}
inline unlock_both() {
    owner[TAIL] = NOBODY;
    owner[HEAD] = NOBODY
}

/* brood__chunk_find: k has position w; it begins where the last look ended, unless that is farther on. */
inline find() {
    k = chunk[HEAD];
    if :: looked != 0 && base[looked - 1] <= w -> k = looked :: else fi;
    do :: k != 0 && (w < base[k - 1] || w - base[k - 1] >= SLOTS) -> k = next[k - 1] :: else -> break od;
    if :: k != 0 -> looked = k :: else fi
}
#define PASS(block) atomic { if :: block == OWNER(v) -> block = (n -> QUEUE : FREE) :: else fi; n = 0 }

inline bury() {
    i = 0;
    do
    :: i < CHUNKS ->
            if :: owner_of[i] == OWNER(v) ->
                    if :: where[i] != 0 ->
                            lock_both();
                            d_step {
                                w = where[i] - 1;
                                find();
#ifdef BREAK_SPARE_IS_FREE
                                n = (k == i + 1);
#else
                                n = (k == i + 1 || IS_SPARE(i + 1));
#endif
                                k = 0; w = 0
                            };
                            unlock_both()
                       :: else -> n = 0 fi;
                    PASS(owner_of[i])
               :: else fi;
            i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < ITEMS ->
            if :: item_owner[i] == OWNER(v) ->
                    if :: item_where[i] != 0 ->
                            lock_both();
                            d_step {
                                w = item_where[i] - 1; n = 0;
                                find();
                                if :: k != 0 && w >= position[HEAD] && w < position[TAIL] -> n = item[AT(k, w)] == i + 1 :: else fi;
                                k = 0; w = 0
                            };
                            unlock_both()
                       :: else -> n = 0 fi;
                    PASS(item_owner[i])
               :: else fi;
            i++
    :: else -> break
    od;
    i = 0
}

#define IS_LEFT(block) ((block) != FREE && ((block) == QUEUE || life[((block) - 1) % N] == ALIVE))
inline judge() {
    d_step {
        w = position[TAIL];
        do :: IS_DEAD(owner[TAIL]) && THERE(chunk[TAIL], w) -> w++ :: else -> break od;
        assert(position[HEAD] <= w);
        reach(chunk[HEAD]);
        i = 0;
        do :: i < CHUNKS -> /* one place for each, none lost */
                assert(!(in_use[i] && IS_SPARE(i + 1)) || next[chunk[TAIL] - 1] == i + 1); /* the next putter forgets it */
                if :: in_use[i] || IS_SPARE(i + 1) -> assert(IS_LEFT(owner_of[i])) :: else -> assert(owner_of[i] == FREE) fi;
                i++
           :: else -> break od;
        assert(in_use[chunk[TAIL] - 1]);
        /* what was put is in the queue or was got, once, with its block */
        i = position[HEAD];
        k = chunk[HEAD];
        do :: i < w ->
                if :: i - base[k - 1] >= SLOTS -> k = next[k - 1] :: else fi;
                n = item[AT(k, i)];
                assert(sequence[AT(k, i)] == i + 1 && put[n - 1] && !got[n - 1] && IS_LEFT(item_owner[n - 1]));
                got[n - 1] = true; item_owner[n - 1] = FREE;
                i++
           :: else -> break od;
        i = 0;
        do :: i < ITEMS -> assert(got[i] == put[i] && item_owner[i] == FREE); i++ :: else -> break od;
        i = 0; k = 0; n = 0; w = 0;
        forget_reach()
    }
}

#include "sweep.pml"

init {
    atomic {
        byte i;
        owner_of[0] = QUEUE; where[0] = 1;
        do :: i < ITEMS -> item_owner[i] = OWNER(i / K); i++ :: else -> break od;
        i = 0;
        do :: i < N -> if :: i < P -> run putter(i) :: else -> run getter(i) fi; i++ :: else -> break od;
        run sweeper()
    }
}
