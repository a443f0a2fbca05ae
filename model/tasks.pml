/* joinable.pml - the count of unfinished items: entries of the processes, pending gets, deaths, and join's snapshot.
 *
 * P putters of one item each (or a batch of K), C getters that take up to B items, GETS times, and finish them, one
 * who joins.  With REUSE the last getter is born into the first one's slot of the table, and so into its entry, when
 * that one's death has been swept.  What locks and empty queues make wait for is a guard here: queue.pml has that. */
#ifndef P
#define P 1
#endif
#ifndef C
#define C 2
#endif
#ifndef K
#define K 1
#endif
#ifndef B
#define B 1
#endif
#ifndef GETS
#define GETS 1
#endif
#ifndef REUSE
#define REUSE 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#define TIMEUPS 0

#define N (P + C + 1)
#define JOINER (P + C)
#ifndef ENTRIES
#define ENTRIES (C - REUSE)
#endif
#define ENTRY_OF(id) (((id) - P) % ENTRIES)
#define TAIL 0
#define HEAD 1

/* Those of a kind are alike, so they may as well die in the order of their numbers. */
#define MAY_DIE (me != JOINER && (me == 0 || me == P || life[me - 1] != ALIVE))
#define LOCALS byte i, w, e, a, g, h, t, n, p; bool yes, up, ringing
#define FORGET w = 0; e = 0; a = 0; g = 0; h = 0; t = 0; n = 0; p = 0; yes = 0; up = 0; ringing = 0

#define WORDS 1 /* the joiners' */
#include "sleep.pml"

#define MOST (P * K + 1)
byte position[2], owner[2] = NOBODY;
bool there[MOST];

typedef entry_t {
    byte got, at, after, by, finished, lost; /* after and by are one word */
}
entry_t entry[ENTRIES];

/* What is so: counted is how many items there ever were, zero whether none was unfinished at some instant of join. */
byte counted, done, gone, hand[N];
bool joining, zero;
#define HAS_PUT(id) (finished[id] || life[id] != ALIVE)
#define ALL_PUT (HAS_PUT(0) && HAS_PUT(P - 1))
#define UNFINISHED (counted - done - gone)

inline count() {
    if :: position[TAIL] > counted -> counted = position[TAIL] :: else fi;
    if :: position[HEAD] > counted -> counted = position[HEAD] :: else fi;
    if :: joining && UNFINISHED == 0 -> zero = true :: else fi
}

#if defined(BREAK_PENDING) || defined(RULE_EARLY)
#define TOTAL(e, head) entry[e].got
#else
#define TOTAL(e, head) ((head) >= entry[e].at -> entry[e].after : entry[e].got)
#endif

inline ring_joiners() {
    STEP(yes = attention[0]; attention[0] = false);
    if :: yes -> yes = false; STEP(BUMP(0)); STEP(WAKE_ALL(0)) :: else fi
}

proctype putter(byte me) {
    LOCALS;

    STEP(owner[TAIL] == NOBODY || IS_DEAD(owner[TAIL]);
         if :: owner[TAIL] != NOBODY ->
                 do :: there[position[TAIL]] -> position[TAIL]++ :: else -> break od;
                 count()
            :: else fi;
         owner[TAIL] = me; p = position[TAIL]);
    do :: n < K -> STEP(there[p + n] = true; n++) :: else -> break od;
    STEP(position[TAIL] = p + n; owner[TAIL] = NOBODY; count(); p = 0; n = 0);
    finished[me] = true;
died:
    skip
}

/* What a dead getter had begun never happened: taken back before others can move the head past it. */
inline free_head() {
    STEP(if :: IS_DEAD(owner[HEAD]) -> w = owner[HEAD] + 1 :: else fi);
    if :: w != 0 ->
            e = ENTRY_OF(w - 1);
#if !defined(BREAK_TAKE_BACK) && !defined(RULE_EARLY)
            STEP(a = entry[e].after; g = entry[e].got;
#ifndef BREAK_GENERATION
                 yes = entry[e].by != w - 1
#endif
                );
            STEP(if :: !yes && entry[e].after == a
#ifndef BREAK_GENERATION
                    && entry[e].by == w - 1
#endif
                    -> entry[e].after = g
                    :: else fi; yes = false);
#endif
            STEP(if :: owner[HEAD] == w - 1 -> owner[HEAD] = NOBODY :: else fi; w = 0; e = 0; a = 0; g = 0)
       :: else fi
}

proctype getter(byte me) {
    LOCALS;

    if :: REUSE && me == P + C - 1 -> finished[me] = true; life[P] == SWEPT; finished[me] = false :: else fi;
again:
    free_head();
    e = ENTRY_OF(me);
    STEP(if :: owner[HEAD] == NOBODY && there[position[HEAD]] -> owner[HEAD] = me; p = position[HEAD]
            :: owner[HEAD] != NOBODY && IS_DEAD(owner[HEAD]) -> yes = true
            :: ALL_PUT && owner[HEAD] == NOBODY && !there[position[HEAD]] -> goto out /* nothing comes any more */
         fi);
    if :: yes -> yes = false; e = 0; goto again :: else fi;
    do :: n < B && there[p + n] -> n++ :: else -> break od;
#ifdef BREAK_PENDING
    a = entry[e].got; g = a + n;
#else
#ifdef RULE_EARLY
    STEP(entry[e].got = entry[e].got + n);
#else
#ifndef BREAK_SETTLE
    STEP(entry[e].got = entry[e].after; a = entry[e].got); g = a + n;
#else
    STEP(a = entry[e].got); g = a + n;
#endif
    STEP(entry[e].at = p + n);
    STEP(entry[e].after = g; entry[e].by = me);
#endif
#endif
    STEP(assert(owner[HEAD] == me && position[HEAD] == p); /* the commit */
         position[HEAD] = p + n; owner[HEAD] = NOBODY; hand[me] = hand[me] + n; count(); p = 0);
    STEP(if :: entry[e].got == a -> entry[e].got = g :: else fi; a = 0; g = 0);
    do :: n > 0 ->
            STEP(n--; h = TOTAL(e, position[HEAD]);
                 assert(h > entry[e].finished + entry[e].lost);
                 entry[e].finished++; done++; hand[me]--; count();
                 ringing = h == entry[e].finished + entry[e].lost; h = 0);
            if :: ringing -> ringing = false;
                    STEP(yes = attention[0]);
                    if :: yes -> yes = false;
                            STEP(h = position[HEAD]);
                            STEP(yes = position[TAIL] <= h; h = 0);
                            if :: yes -> yes = false; ring_joiners() :: else fi
                       :: else fi
               :: else fi
       :: else -> break
    od;
    e = 0; i++;
    if :: i < GETS -> goto again :: else fi;
out:
    finished[me] = true;
died:
    skip
}

/* yes: something is unfinished. */
inline look() {
    yes = false;
    do
    :: STEP(h = position[HEAD]);
        STEP(t = position[TAIL]);
#ifdef BREAK_SIGNED
        yes = t != h;
#else
        yes = t > h;
#endif
        e = 0;
        do :: !yes && e < ENTRIES ->
#if defined(BREAK_PENDING) || defined(RULE_EARLY)
                STEP(a = entry[e].got);
#else
                STEP(a = entry[e].at);
                STEP(a = (h >= a -> entry[e].after : entry[e].got));
#endif
                STEP(g = entry[e].finished);
                STEP(yes = (a != g + entry[e].lost); a = 0; g = 0; e++)
           :: else -> break
        od;
        e = 0; n = 0;
        if :: yes -> break :: else fi;
#ifndef BREAK_TAIL_AGAIN
        STEP(n = n + (position[TAIL] != t));
#endif
#ifndef BREAK_HEAD_AGAIN
        STEP(n = n + (position[HEAD] != h));
#endif
        if :: n == 0 -> break :: else -> n = 0 fi
    od;
    h = 0; t = 0; n = 0
}

proctype joiner(byte me) {
    LOCALS;

    joining = true; d_step { count() };
again:
    look();
    if :: yes -> yes = false; w = 0; sleep(); yes = false; goto again :: else fi;
    assert(zero);
    finished[me] = true;
died:
    skip
}

inline judge() {
    assert(finished[JOINER] || life[JOINER] != ALIVE || UNFINISHED > 0)
}

/* The dead one's items are finished with: one store. */
inline bury() {
    if :: v >= P && v < P + C ->
            n = position[HEAD];
            i = TOTAL(ENTRY_OF(v), n);
            atomic { entry[ENTRY_OF(v)].lost = i - entry[ENTRY_OF(v)].finished; gone = gone + hand[v]; hand[v] = 0; count() };
            i = 0; n = 0;
            if :: atomic { attention[0] -> attention[0] = false }; BUMP(0); WAKE_ALL(0) :: else fi
       :: else fi
}

#include "sweeper.pml"

init {
    atomic {
        byte i;
        do :: i < N -> note[i] = NOTHING;
                if :: i < P -> run putter(i) :: i >= P && i < P + C -> run getter(i) :: i == JOINER -> run joiner(i) fi;
                i++
           :: else -> break od;
        run sweeper()
    }
}
