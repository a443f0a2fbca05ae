/* segments.pml - the memory of a queue: segments of two slots, the spare one, blocks of items, and whose they are.
 *
 * P putters of K items each, in batches of up to B; C getters that take up to B items, GETS times; SEGMENTS segments,
 * so few that they come again.  An end is locked, and a get tried, when it can be: queue.pml has what waits. */
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
#ifndef SEGMENTS
#define SEGMENTS 3
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#define TIMEUPS 0

#define N (P + C)
#define TAIL 0
#define HEAD 1
#define SLOTS 2
#define ITEMS (P * K)

/* Those of a kind are alike, so they may as well die in the order of their numbers. */
#define MAY_DIE (me == 0 || me == P || life[me - 1] != ALIVE)
#define LOCALS byte i, w, s, x, p, n, k, old, hand0, hand1; bool yes, up
#define FORGET w = 0; s = 0; x = 0; p = 0; n = 0; k = 0; old = 0; hand0 = 0; hand1 = 0; yes = 0; up = 0

#define NO_NOTES
#define WORDS 1
#include "sleep.pml"

/* Who has a block: */
#define FREE 0
#define OWNER(id) ((id) + 1)
#define QUEUE 100
/* A segment's number is its index + 1; 0: none. */
#define AT(segment, position) (((segment) - 1) * SLOTS + (position) - base[(segment) - 1])

byte position[2], owner[2] = NOBODY, segment[2] = 1, spare;
byte base[SEGMENTS], next[SEGMENTS];
byte sequence[SEGMENTS * SLOTS], item[SEGMENTS * SLOTS]; /* an item's number is its index + 1, too */
byte owner_of[SEGMENTS];
bool where[SEGMENTS];              /* it says that it may be this queue's */
byte item_owner[ITEMS], item_where[ITEMS];
bool put[ITEMS], got[ITEMS];       /* what happened */
bool in_use[SEGMENTS];             /* in the chain, in judge() and while it is looked for */

#define HAS_PUT(id) (finished[id] || life[id] != ALIVE)
#define ALL_PUT (HAS_PUT(0) && HAS_PUT(P - 1))

/* x: the segment with this position, at the head. */
#define HEAD_AT (position[HEAD] - base[segment[HEAD] - 1] < SLOTS -> segment[HEAD] : next[segment[HEAD] - 1])
#define THERE(s, p) ((s) != 0 && (p) - base[(s) - 1] < SLOTS && sequence[AT(s, p)] == (p) + 1)
#define THERE_AT_HEAD THERE(HEAD_AT, position[HEAD])

/* What can be reached from the head. */
inline reach(from) {
    d_step {
        k = 0;
        do :: k < SEGMENTS -> in_use[k] = false; k++ :: else -> break od;
        k = from;
        do :: k != 0 -> assert(!in_use[k - 1]); in_use[k - 1] = true; k = next[k - 1] :: else -> break od
    }
}
inline forget_reach() {
    d_step { k = 0; do :: k < SEGMENTS -> in_use[k] = false; k++ :: else -> break od; k = 0 }
}

/* A dead owner's end is unlocked where the slots say.  A batch stays in its segment, so `next` need not be followed. */
inline free_dead(end) {
    if :: end == TAIL ->
            do :: THERE(segment[TAIL], position[TAIL]) -> position[TAIL]++ :: else -> break od
       :: else fi;
    owner[end] = NOBODY
}
#define CAN_LOCK(end) (owner[end] == NOBODY || IS_DEAD(owner[end]))

inline next_segment() {
    STEP(x = next[s - 1]);
    if :: x == 0 ->
            STEP(x = spare);
            if :: x != 0 -> STEP(owner_of[x - 1] = OWNER(me))
               :: else ->
                    STEP(do :: x < SEGMENTS && owner_of[x] != FREE -> x++ :: else -> break od;
                         assert(x < SEGMENTS); owner_of[x] = OWNER(me); x++)
            fi;
#ifndef BREAK_WHERE
            STEP(where[x - 1] = true);
#endif
#ifdef BREAK_LINK_FIRST
            STEP(next[s - 1] = x);
#endif
            STEP(reach(segment[HEAD]);
#ifndef BREAK_LINK_FIRST
                 assert(!in_use[x - 1]); /* or it were used twice */
#endif
                 forget_reach();
                 base[x - 1] = p; next[x - 1] = 0;
#ifndef BREAK_SEQUENCES
                 sequence[(x - 1) * SLOTS] = p; sequence[(x - 1) * SLOTS + 1] = p
#endif
                 );
#ifndef BREAK_LINK_FIRST
            STEP(assert(next[s - 1] == 0); next[s - 1] = x);
#endif
#ifdef BREAK_CLEAR_FOUND
            STEP(if :: spare == x -> spare = 0 :: else fi)
#endif
       :: else
    fi;
#if !defined(BREAK_CLEAR) && !defined(BREAK_CLEAR_LATE) && !defined(BREAK_CLEAR_FOUND)
    STEP(if :: spare == x -> spare = 0 :: else fi);
#endif
#ifndef BREAK_TAIL_LATE
    STEP(segment[TAIL] = x);
#endif
#ifdef BREAK_CLEAR_LATE
    STEP(if :: spare == x -> spare = 0 :: else fi);
#endif
    s = x; x = 0
}

proctype putter(byte me) {
    LOCALS;
again:
    STEP(CAN_LOCK(TAIL);
         if :: owner[TAIL] != NOBODY -> free_dead(TAIL) :: else fi;
         owner[TAIL] = me; p = position[TAIL]; s = segment[TAIL]);
    if :: p - base[s - 1] == SLOTS -> next_segment() :: else fi;
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
#ifdef BREAK_TAIL_LATE
    STEP(segment[TAIL] = s);
#endif
    STEP(assert(owner[TAIL] == me && position[TAIL] == p); position[TAIL] = p + n; owner[TAIL] = NOBODY; p = 0; s = 0; n = 0);
    if :: i < K -> goto again :: else -> i = 0 fi;
    STEP(finished[me] = true); /* and it may die now, too */
    STEP(false);
died:
    skip
}

/* Where a drained segment goes. */
inline retire() {
    STEP(if :: spare == 0 -> spare = old; old = 0 :: else fi);
    if :: old != 0 ->
            STEP(reach(segment[HEAD]); assert(!in_use[old - 1] && spare != old && segment[TAIL] != old); forget_reach();
                 assert(owner_of[old - 1] == OWNER(me)); owner_of[old - 1] = FREE; old = 0)
       :: else fi
}

proctype getter(byte me) {
    LOCALS;
again:
    STEP(CAN_LOCK(HEAD) && (THERE_AT_HEAD || ALL_PUT);
         if :: owner[HEAD] != NOBODY -> owner[HEAD] = NOBODY :: else fi;
         if :: THERE_AT_HEAD -> owner[HEAD] = me; p = position[HEAD]; s = segment[HEAD] :: else -> goto out fi);
    if :: p - base[s - 1] == SLOTS ->
            old = s;
            STEP(x = next[s - 1];
#ifndef BREAK_OWN_OLD
                 owner_of[old - 1] = OWNER(me)
#endif
                 );
#ifdef BREAK_FREE_EARLY
            STEP(owner_of[old - 1] = FREE; old = 0);
#endif
#ifdef BREAK_RETIRE_EARLY
            retire();
#endif
#ifndef BREAK_HEAD_LATE
            STEP(segment[HEAD] = x);
#endif
            s = x; x = 0
       :: else fi;
    do :: n < B && THERE(s, p + n) ->
            STEP(w = item[AT(s, p + n)]; assert(owner_of[s - 1] != FREE && w != 0);
#ifndef BREAK_OWN_ITEM
                 item_owner[w - 1] = OWNER(me);
#endif
                 if :: n == 0 -> hand0 = w :: else -> hand1 = w fi;
                 w = 0; n++)
       :: else -> break
    od;
#ifdef BREAK_FREE_BEFORE_COMMIT
    STEP(item_owner[hand0 - 1] = FREE);
#endif
    STEP(assert(owner[HEAD] == me && position[HEAD] == p); /* the commit */
         position[HEAD] = p + n; owner[HEAD] = NOBODY; p = 0; s = 0; n = 0;
         assert(!got[hand0 - 1]); got[hand0 - 1] = true;
         if :: hand1 != 0 -> assert(!got[hand1 - 1]); got[hand1 - 1] = true :: else fi);
#ifdef BREAK_HEAD_LATE
    if :: old != 0 -> STEP(segment[HEAD] = next[old - 1]) :: else fi;
#endif
    if :: old != 0 -> retire() :: else fi;
    STEP(item_owner[hand0 - 1] = FREE; hand0 = 0);
    if :: hand1 != 0 -> STEP(item_owner[hand1 - 1] = FREE; hand1 = 0) :: else fi;
    i++;
    if :: i < GETS -> goto again :: else fi;
out:
    i = 0;
    STEP(finished[me] = true);
    STEP(false);
died:
    skip
}

/* Is this block, whose owner is dead, the queue's?  Looked at with both ends locked, and given away afterwards. */
inline lock_both() {
    atomic { CAN_LOCK(HEAD); owner[HEAD] = N };
    atomic { CAN_LOCK(TAIL); if :: owner[TAIL] != NOBODY -> free_dead(TAIL) :: else fi; owner[TAIL] = N }
}
inline unlock_both() {
    owner[TAIL] = NOBODY;
    owner[HEAD] = NOBODY
}
inline bury() {
    i = 0;
    do
    :: i < SEGMENTS ->
            if :: owner_of[i] == OWNER(v) ->
                    if :: where[i] ->
                            lock_both();
#ifdef BREAK_CHAIN_TO_TAIL
                            d_step { w = next[segment[TAIL] - 1]; next[segment[TAIL] - 1] = 0; reach(segment[HEAD]);
                                     next[segment[TAIL] - 1] = w; w = 0; n = in_use[i] || spare == i + 1; forget_reach() };
#else
                            d_step { reach(segment[HEAD]);
#ifdef BREAK_SPARE_IS_FREE
                                     n = in_use[i];
#else
                                     n = in_use[i] || spare == i + 1;
#endif
                                     forget_reach() };
#endif
                            unlock_both()
                       :: else -> n = 0 fi;
                    atomic { if :: owner_of[i] == OWNER(v) -> owner_of[i] = (n -> QUEUE : FREE) :: else fi; n = 0 }
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
                            d_step { w = item_where[i] - 1; n = 0; k = segment[HEAD];
                                     do :: k != 0 && w - base[k - 1] >= SLOTS -> k = next[k - 1] :: else -> break od;
                                     if :: k != 0 && w >= position[HEAD] && w < position[TAIL] -> n = item[AT(k, w)] == i + 1
                                        :: else fi;
                                     k = 0; w = 0 };
                            unlock_both()
                       :: else -> n = 0 fi;
                    atomic { if :: item_owner[i] == OWNER(v) -> item_owner[i] = (n -> QUEUE : FREE) :: else fi; n = 0 }
               :: else fi;
            i++
    :: else -> break
    od;
    i = 0
}

#define IS_LEFT(block) ((block) != FREE && ((block) == QUEUE || life[((block) - 1) % N] == ALIVE))
#define REAL_TAIL w
inline judge() {
    d_step {
        w = position[TAIL];
        do :: IS_DEAD(owner[TAIL]) && THERE(segment[TAIL], w) -> w++ :: else -> break od;
        assert(position[HEAD] <= w);
        reach(segment[HEAD]);
        i = 0;
        do :: i < SEGMENTS -> /* one place for each, none lost */
                assert(!(in_use[i] && spare == i + 1));
                if :: in_use[i] || spare == i + 1 -> assert(IS_LEFT(owner_of[i])) :: else -> assert(owner_of[i] == FREE) fi;
                i++
           :: else -> break od;
        assert(in_use[segment[TAIL] - 1]);
        /* what was put is in the queue or was got, once, with its block */
        i = position[HEAD];
        k = segment[HEAD];
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

#include "sweeper.pml"

init {
    atomic {
        byte i;
        owner_of[0] = QUEUE; where[0] = true;
        do :: i < ITEMS -> item_owner[i] = OWNER(i / K); i++ :: else -> break od;
        i = 0;
        do :: i < N -> if :: i < P -> run putter(i) :: else -> run getter(i) fi; i++ :: else -> break od;
        run sweeper()
    }
}
