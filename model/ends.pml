/* ends.pml - the two ends of a ring and waiting at them: puts, gets, batches, shutdown, deaths, sweeps.
 *
 * What is modelled: src/queue/end.c and the parts of ring.c and ring_end.c that lock and wait: enter_tail, commit_put,
 * enter_head, commit_get, wait_for_item, brood__ring_shut; all in their order, with a death possible between any two
 * accesses of shared memory.  P putters of K items each, in batches of up to 2; C getters that take up to B items once;
 * S who shut the queue; room for CAP items; DEATHS deaths; TIMEUPS sleepers whose deadline comes.
 * What is left out: the slots are one long row (chunks.pml has their memory); what an item is; an end of its own accord
 * when the last writer has gone; positions do not wrap.
 * What is claimed: each item that was committed is got once or is still there, in the order it was put; of a dead
 * getter only what it had committed is gone.  When nothing moves any more both ends are free (or will be taken by
 * whoever comes, the owner being known to be dead), putters sleep only at a full queue, getters only at an empty one,
 * and nobody if it is shut.  A run has an end: with NP, pan finds that no state comes again.
 * BREAK_... take away one line of the protocol each: then pan must find an error.
 * State space: see the table in README.md; all of it is searched. */
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
#define WORDS 4                    /* slept on: */
#define LOCK_AT(end) (end)
#define COMMIT_AT(end) (2 + (end))
#define END_OF(word) ((word) % 2)

/* Those of a kind are alike, so they may as well die in the order of their numbers. */
#define MAY_DIE (me == 0 || me == P || me == P + C || life[me - 1] != ALIVE)
#define FOREVER (me >= P + C)
#define LOCALS byte i, w, e, p, n, k; bool yes, up, busy, leaving, slept_lock, slept_commit, ended
#define FORGET w = 0; e = 0; p = 0; n = 0; k = 0; \
    yes = 0; up = 0; busy = 0; leaving = 0; slept_lock = 0; slept_commit = 0; ended = 0

#include "sleep.pml"

#define MOST (P * K + 2)
byte position[2];                  /* an end's word is position and owner: changed together, in one step */
byte owner[2] = NOBODY;
bool shut;                         /* its state */
bool there[MOST];                  /* the slot's sequence is its position + 1 */
byte slot[MOST];                   /* the item: ITEM of whose and the how manieth */
#define ITEM(id, count) ((count) * P + (id) + 1)

byte left[P];                      /* of each putter: items not committed, and */
byte got[P];                       /* its items that were got */
bool told;                         /* a getter was told that nothing will come any more */

#define COUNT (position[TAIL] - position[HEAD])

/* brood__end_attend: for the lock, and if `last` says so for a commit. */
inline attend(end, last) {
    w = LOCK_AT(end);
    do :: w <= last ->
            ring(w);
            w = w + 2
       :: else -> break
    od;
    w = 0
}

/* is_blocked, with brood__end_free_dead in it: yes if what is waited for still does not hold. */
inline look() {
    e = END_OF(w);
    STEP(if :: IS_DEAD(owner[e]) && !(leaving && w < 2)
#ifdef BREAK_FREE_HEAD
                && e == TAIL
#endif
                -> owner[e] = me; yes = true
            :: else -> busy = owner[e] != NOBODY; p = position[e]
         fi);
    if :: yes -> yes = false;
            STEP(
#ifndef BREAK_COMMITTED
                 do :: e == TAIL && there[position[TAIL]] -> position[TAIL]++ :: else -> break od;
#endif
                 owner[e] = NOBODY);
#ifndef BREAK_ATTEND_DEAD
            k = w; attend(e, COMMIT_AT(e)); w = k; k = 0
#endif
       :: else ->
            if :: w < 2 -> yes = busy
               :: w == COMMIT_AT(TAIL) -> STEP(yes = p <= position[HEAD])
               :: w == COMMIT_AT(HEAD) ->
                    STEP(p = position[TAIL]);
                    STEP(yes = p - position[HEAD] >= CAP)
            fi;
#if S > 0 && !defined(BREAK_LOOK_SHUT)
            if :: yes && w >= 2 -> STEP(yes = !shut) :: else fi;
#endif
            busy = false; p = 0
    fi;
    e = 0
}

/* Go to wait for w: brood__end_wait sleeps once.  Who has found nothing after his deadline leaves. */
#define WAIT(word) if :: up -> goto out :: else -> w = word; goto waiting fi

/* out: brood__end_leave.  One look for both. */
inline wait_or_leave(mine, other) {
    goto out;
waiting:
    skip;
    declare();
looking:
    skip;
    look();
    if :: leaving ->
            leaving = false;
            if :: !yes -> ring(w) :: else -> yes = false fi;
            w = 0;
            goto out
       :: else fi;
    park();
    if :: yes -> yes = false; if :: w < 2 -> slept_lock = true :: else -> slept_commit = true fi :: else fi;
    w = 0;
    goto again;
out:
    up = false;
#ifndef BREAK_LEAVE
    if :: slept_lock -> slept_lock = false; w = LOCK_AT(mine)
       :: !slept_lock && slept_commit -> slept_commit = false; w = COMMIT_AT(other)
       :: else -> goto done
    fi;
    leaving = true;
    STEP(attention[w] = true);
    goto looking;
done:
#endif
    slept_lock = false; slept_commit = false
}

proctype putter(byte me) {
    LOCALS;
again:
    /* enter_tail.  What was seen of the head may be old: hence fewer than there is room for. */
#if S > 0
    STEP(yes = shut);
    if :: yes -> yes = false; goto out :: else fi;
#endif
    STEP(if :: owner[TAIL] != NOBODY -> busy = true
            :: owner[TAIL] == NOBODY && COUNT < CAP -> n = 1
            :: owner[TAIL] == NOBODY && COUNT + 1 < CAP && left[me] > 1 -> n = 2
            :: owner[TAIL] == NOBODY && COUNT >= CAP -> skip
         fi;
         if :: n > 0 -> p = position[TAIL]; owner[TAIL] = me;
#ifdef BREAK_UNLOCK_FIRST
                position[TAIL] = p + n; owner[TAIL] = NOBODY
#endif
            :: else fi);
    if :: busy -> busy = false; WAIT(LOCK_AT(TAIL))
       :: !busy && n == 0 -> WAIT(COMMIT_AT(HEAD))
       :: else fi;
#if S > 0 && !defined(BREAK_STATE_AGAIN)
    STEP(yes = shut);
    if :: yes -> yes = false; p = 0; n = 0;
            STEP(owner[TAIL] = NOBODY);
#ifndef BREAK_ATTEND_SHUT
            attend(TAIL, LOCK_AT(TAIL));
#endif
            goto out
       :: else fi;
#endif
    /* commit_put */
    up = false;
    do :: k < n ->
#ifdef BREAK_FILL_FIRST
            STEP(there[p + k] = true);
#endif
            STEP(slot[p + k] = ITEM(me, K - left[me]); there[p + k] = true; left[me]--; k++)
       :: else -> break
    od;
#ifndef BREAK_UNLOCK_FIRST
    STEP(assert(owner[TAIL] == me && position[TAIL] == p); position[TAIL] = p + n; owner[TAIL] = NOBODY; p = 0; n = 0; k = 0);
#else
    p = 0; n = 0; k = 0;
#endif
    attend(TAIL, COMMIT_AT(TAIL));
    if :: left[me] > 0 -> goto again :: else fi;
    wait_or_leave(TAIL, HEAD);
    END
}

proctype getter(byte me) {
    LOCALS;
again:
    /* enter_head */
    STEP(if :: owner[HEAD] == NOBODY -> owner[HEAD] = me; p = position[HEAD];
                do :: n < B && there[p + n] -> n++ :: else -> break od
            :: else -> busy = true fi);
    if :: busy -> busy = false; WAIT(LOCK_AT(HEAD)) :: else fi;
    if :: n == 0 -> p = 0;
            STEP(owner[HEAD] = NOBODY);
#ifndef BREAK_ATTEND_EMPTY
            attend(HEAD, LOCK_AT(HEAD));
#endif
#if S > 0
            if :: ended -> ended = false; told = true; goto out :: else fi;
            STEP(ended = shut);
#ifdef BREAK_LOOK_ONCE
            if :: ended -> ended = false; told = true; goto out :: else fi;
#endif
            if :: ended -> goto again :: else fi;
#endif
            WAIT(COMMIT_AT(TAIL))
       :: else fi;
    /* commit_get */
    up = false; ended = false;
    STEP(assert(owner[HEAD] == me && position[HEAD] == p);
         do :: k < n -> assert(slot[p + k] != 0); w = (slot[p + k] - 1) % P; assert(slot[p + k] == ITEM(w, got[w])); got[w]++; k++
            :: else -> break od;
         position[HEAD] = p + n; owner[HEAD] = NOBODY; w = 0; p = 0; n = 0; k = 0);
    attend(HEAD, COMMIT_AT(HEAD));
    wait_or_leave(HEAD, TAIL);
    END
}

/* brood__ring_shut */
proctype shutter(byte me) {
    LOCALS;
again:
#ifndef BREAK_SHUT_LOCK
    STEP(if :: owner[TAIL] == NOBODY -> owner[TAIL] = me :: else -> busy = true fi);
    if :: busy -> busy = false; WAIT(LOCK_AT(TAIL)) :: else fi;
    STEP(assert(owner[TAIL] == me); shut = true);
    STEP(owner[TAIL] = NOBODY);
    attend(TAIL, LOCK_AT(TAIL));
#else
    STEP(shut = true);
#endif
    do :: k < WORDS ->
#ifndef BREAK_SHUT_BUMP
            STEP(BUMP(k));
#endif
            STEP(WAKE_ALL(k); k++)
       :: else -> break
    od;
    k = 0;
    slept_lock = false; slept_commit = false;
    wait_or_leave(TAIL, HEAD);
    END
}

/* Nothing moves any more. */
inline judge() {
    d_step {
        w = position[TAIL];
        do :: IS_DEAD(owner[TAIL]) && there[w] -> w++ :: else -> break od;
        assert(owner[TAIL] == NOBODY || IS_DEAD(owner[TAIL]));
        assert(owner[HEAD] == NOBODY || IS_DEAD(owner[HEAD]));
        assert(position[HEAD] <= w && w - position[HEAD] <= CAP);
        assert(!told || position[HEAD] == w);
        i = 0;
        do :: i < N ->
                if :: life[i] == ALIVE && !finished[i] -> /* asleep, and rightly? */
                        assert(!shut);
                        if :: i < P -> assert((asleep[COMMIT_AT(HEAD)] & BIT(i)) && w - position[HEAD] >= CAP)
                           :: else -> assert((asleep[COMMIT_AT(TAIL)] & BIT(i)) && w == position[HEAD]) fi
                   :: else fi;
                i++
           :: else -> break od;
        i = 0;
        do :: i < P -> /* what was committed is in the queue or was got; a put that returned was committed */
                n = got[i]; v = position[HEAD];
                do :: v < w -> if :: (slot[v] - 1) % P == i -> assert(slot[v] == ITEM(i, n)); n++ :: else fi; v++ :: else -> break od;
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

#include "sweep.pml"

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
