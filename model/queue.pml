/* queue.pml - the two ends of a queue and waiting at them: puts, gets, batches, shutdown, deaths, sweeps.
 *
 * P putters of K items each, C getters that take up to B items once, S who shut the queue down; room for CAP items;
 * DEATHS deaths, each between any two accesses of shared memory, and each followed by a sweep at some later moment;
 * TIMEUPS sleepers whose time is up.
 * The slots are one long row here; segments.pml has their memory.  There is no timer: who is asleep when nothing moves
 * any more must be right to sleep.  BREAK_... take away one rule of the protocol each: then the check must fail. */
#ifndef P
#define P 2
#endif
#ifndef C
#define C 1
#endif
#ifndef S
#define S 0
#endif
#ifndef K
#define K 1
#endif
#ifndef B
#define B 1
#endif
#ifndef CAP
#define CAP 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef TIMEUPS
#define TIMEUPS 0
#endif

#define N (P + C + S)
#define TAIL 0
#define HEAD 1
#define LOCK_AT(end) (end)         /* the four words that are slept on */
#define COMMIT_AT(end) (2 + (end))

/* Those of a kind are alike, so they may as well die in the order of their numbers. */
#define MAY_DIE (me == 0 || me == P || me == P + C || life[me - 1] != ALIVE)
#define LOCALS byte i, w, p, n, k; bool yes, up, ring_lock, ring_commit, slept_lock, slept_commit, saw_shut
#define FORGET w = 0; p = 0; n = 0; k = 0; yes = 0; up = 0; ring_lock = 0; ring_commit = 0; slept_lock = 0; slept_commit = 0; saw_shut = 0

#include "sleep.pml"

#define MOST (P * K + 1)
byte position[2];                  /* an end's word is position and owner: changed together, in one step */
byte owner[2] = NOBODY;
bool shut;
bool there[MOST];                  /* the slot's sequence says that this position's item exists */
byte slot[MOST];                   /* by whom it was filled, + 1 */

byte left[P];                      /* of each putter: items not committed, and */
byte got[P];                       /* its items that were got */
bool ended;                        /* a getter was told that nothing will come any more */

#define FULL (position[TAIL] - position[HEAD] >= CAP)

inline attend(end) {
    STEP(ring_lock = attention[LOCK_AT(end)]; ring_commit = attention[COMMIT_AT(end)]);
    if :: ring_lock -> ring_lock = false; ring(LOCK_AT(end)) :: else fi;
    if :: ring_commit -> ring_commit = false; ring(COMMIT_AT(end)) :: else fi
}

/* A dead owner's end is unlocked where the slots say.  Nobody writes there meanwhile, so to read them and to exchange
 * the word is one step. */
inline free_dead(end) {
    STEP(if :: IS_DEAD(owner[end]) -> yes = true; owner[end] = NOBODY;
#ifndef BREAK_COUNT_ON
            do :: end == TAIL && there[position[TAIL]] -> position[TAIL]++ :: else -> break od
#endif
         :: else fi);
    if :: yes -> yes = false;
#ifndef BREAK_ATTEND_DEAD
        attend(end);
#endif
        goto again
    :: else fi
}

/* Does what is waited for still not hold? */
inline look() {
    if :: w < 2 -> STEP(yes = owner[w] != NOBODY && !IS_DEAD(owner[w]))
       :: w == COMMIT_AT(TAIL) ->
            STEP(p = position[HEAD]);
            STEP(yes = position[TAIL] <= p && !IS_DEAD(owner[TAIL]); p = 0)
       :: w == COMMIT_AT(HEAD) ->
            STEP(p = position[TAIL]);
            STEP(yes = p - position[HEAD] >= CAP; p = 0)
    fi;
#if S > 0 && !defined(BREAK_SHUT_LOOK)
    if :: yes && w >= 2 -> STEP(yes = !shut) :: else fi
#endif
}

/* Sleep once.  Who has found nothing after its time was up leaves. */
inline wait(word) {
    if :: up -> goto out :: else fi;
    w = word;
    sleep();
    if :: yes -> yes = false; if :: w < 2 -> slept_lock = true :: else -> slept_commit = true fi :: else fi;
    w = 0;
    goto again
}

/* Who has slept passes the wake on, since it may have ended here. */
inline leave(mine, other) {
#ifndef BREAK_BATON
    if :: slept_lock -> slept_lock = false;
        STEP(attention[LOCK_AT(mine)] = true);
        STEP(yes = owner[mine] != NOBODY);
        if :: !yes -> ring(LOCK_AT(mine)) :: else -> yes = false fi
       :: else fi;
    if :: slept_commit -> slept_commit = false;
        STEP(attention[COMMIT_AT(other)] = true);
        w = COMMIT_AT(other); look(); w = 0;
        if :: !yes -> ring(COMMIT_AT(other)) :: else -> yes = false fi
       :: else fi
#else
    slept_lock = false; slept_commit = false
#endif
}

proctype putter(byte me) {
    LOCALS;
again:
    /* Lock the tail if there is room.  What was seen of the head may be old: hence fewer than there is room for. */
    STEP(if :: owner[TAIL] != NOBODY -> yes = true
            :: owner[TAIL] == NOBODY && !FULL -> owner[TAIL] = me; n = 1
            :: owner[TAIL] == NOBODY && left[me] > 1 && position[TAIL] + 1 - position[HEAD] < CAP -> owner[TAIL] = me; n = 2
            :: owner[TAIL] == NOBODY && FULL
         fi;
         if :: n > 0 -> p = position[TAIL];
#ifdef BREAK_UNLOCK_FIRST
                position[TAIL] = p + n; owner[TAIL] = NOBODY;
#endif
#ifndef BREAK_SHUT_CHECK
                saw_shut = shut;
#endif
            :: else fi);
    if :: n == 0 && yes -> yes = false; free_dead(TAIL); wait(LOCK_AT(TAIL))
       :: n == 0 && !yes -> if :: S > 0 -> STEP(yes = shut) :: else fi;
            if :: yes -> yes = false; goto out :: else -> wait(COMMIT_AT(HEAD)) fi
       :: else fi;
    if :: saw_shut -> saw_shut = false;
            STEP(owner[TAIL] = NOBODY; p = 0; n = 0);
#ifndef BREAK_ATTEND_SHUT
            attend(TAIL);
#endif
            goto out
       :: else fi;
    do :: k < n ->
            STEP(
#ifdef BREAK_FILL
                 there[p + k] = true);
            STEP(
#endif
                 slot[p + k] = me + 1);
            STEP(there[p + k] = true; left[me]--; k++) /* the commit */
       :: else -> break
    od;
#ifndef BREAK_UNLOCK_FIRST
    STEP(assert(owner[TAIL] == me && position[TAIL] == p); position[TAIL] = p + n; owner[TAIL] = NOBODY; p = 0; n = 0; k = 0);
#else
    p = 0; n = 0; k = 0;
#endif
    attend(TAIL);
    if :: left[me] > 0 -> goto again :: else fi;
out:
    up = false;
    leave(TAIL, HEAD);
    finished[me] = true;
died:
    skip
}

proctype getter(byte me) {
    LOCALS;
again:
    /* Lock the head first, then look. */
    STEP(if :: owner[HEAD] == NOBODY -> owner[HEAD] = me :: else -> yes = true fi);
    if :: yes -> yes = false; free_dead(HEAD); wait(LOCK_AT(HEAD)) :: else fi;
#if S > 0 && !defined(BREAK_SHUT_ORDER)
    STEP(saw_shut = shut);
#endif
    STEP(assert(owner[HEAD] == me); p = position[HEAD];
         do :: n < B && there[p + n] -> assert(slot[p + n] != 0); n++ :: else -> break od);
#ifdef BREAK_SHUT_ORDER
    STEP(saw_shut = shut);
#endif
    if :: n == 0 -> p = 0;
            STEP(owner[HEAD] = NOBODY);
#ifndef BREAK_ATTEND_EMPTY
            attend(HEAD);
#endif
            if :: saw_shut -> saw_shut = false; ended = true; goto out :: else fi;
#ifndef BREAK_DEAD_TAIL
            free_dead(TAIL); /* or the look would say for ever that it is worth a look */
#endif
            wait(COMMIT_AT(TAIL))
       :: else -> saw_shut = false
    fi;
    STEP(assert(owner[HEAD] == me && position[HEAD] == p); /* the commit */
         do :: k < n -> w = slot[p + k] - 1; got[w]++; assert(got[w] <= K); k++ :: else -> break od;
         position[HEAD] = p + n; owner[HEAD] = NOBODY; w = 0; p = 0; n = 0; k = 0);
    attend(HEAD);
out:
    up = false;
    leave(HEAD, TAIL);
    finished[me] = true;
died:
    skip
}

proctype shutter(byte me) {
    LOCALS;
again:
#ifndef BREAK_SHUT_LOCK
    STEP(if :: owner[TAIL] == NOBODY -> owner[TAIL] = me :: else -> yes = true fi);
    if :: yes -> yes = false; free_dead(TAIL); wait(LOCK_AT(TAIL)) :: else fi;
    STEP(assert(owner[TAIL] == me); shut = true);
    STEP(owner[TAIL] = NOBODY);
#else
    STEP(shut = true);
#endif
    do :: k < 4 ->
#ifndef BREAK_SHUT_BUMP
            STEP(BUMP(k));
#endif
            STEP(WAKE_ALL(k); k++)
       :: else -> break
    od;
    k = 0;
out:
    up = false;
    leave(TAIL, HEAD);
    finished[me] = true;
died:
    skip
}

/* Nothing moves any more. */
inline judge() {
    d_step {
        w = position[TAIL];
        do :: IS_DEAD(owner[TAIL]) && there[w] -> w++ :: else -> break od;
        assert(owner[TAIL] == NOBODY || IS_DEAD(owner[TAIL]));
        assert(owner[HEAD] == NOBODY || IS_DEAD(owner[HEAD]));
        assert(position[HEAD] <= w && w - position[HEAD] <= CAP);
        assert(!ended || position[HEAD] == w);
        i = 0;
        do :: i < N ->
                if :: life[i] == ALIVE && !finished[i] -> /* asleep, and rightly? */
                        assert(!shut);
                        if :: i < P -> assert((asleep[COMMIT_AT(HEAD)] & (1 << i)) && w - position[HEAD] >= CAP)
                           :: i >= P -> assert((asleep[COMMIT_AT(TAIL)] & (1 << i)) && w == position[HEAD]) fi
                   :: else fi;
                i++
           :: else -> break od;
        i = 0;
        do :: i < P -> /* what was committed is in the queue or was got; a put that returned was committed */
                n = got[i]; v = position[HEAD];
                do :: v < w -> if :: slot[v] == i + 1 -> n++ :: else fi; v++ :: else -> break od;
                assert(n == K - left[i]);
                assert(!finished[i] || left[i] == 0 || shut || TIMEUPS > 0);
                i++
           :: else -> break od;
        i = 0; w = 0; n = 0; v = 0
    }
}

inline bury() {
    skip /* what it had is no business of this model */
}

#include "sweeper.pml"

init {
    atomic {
        byte i;
        do :: i < N -> note[i] = NOTHING;
                if :: i < P -> left[i] = K; run putter(i)
                   :: i >= P && i < P + C -> run getter(i)
                   :: i >= P + C -> run shutter(i) fi;
                i++
           :: else -> break od;
        run sweeper()
    }
}
