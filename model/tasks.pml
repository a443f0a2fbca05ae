/* tasks.pml - the unfinished items of a joinable ring: totals of the processes, gets under way, deaths, and join.
 *
 * What is modelled: src/queue/task.c, with brood__ring_count and the two ends as far as it needs them.  P putters of K
 * items each, who come in one batch; C getters that take up to B items, GETS times, and finish them; one who joins.
 *   ENTRIES=n   fewer entries than getters: the last ones are threads of the same processes as the first (DEATHS=0),
 *   REUSE       or the last getter is born into the first one's slot when that one's death has been swept;
 *   HOLDS       each finishes all that it has got at last, instead of each item when it has it,
 *   HANDED      who has got items has another process finish them.
 * `finished` and `lost` are one word here, and a ring whose head is past its tail's word is empty for join.
 * What is left out: what locks and empty queues make wait for is a guard here (ends.pml has that); `tasks_used`.
 * What is claimed: join returns only if at some instant of the call no item was in the ring or in anybody's hands, what
 * has not been committed not being there yet; it does not sleep when there is none left; no process's totals exceed
 * what it has got.  BREAK_... take away one line of the protocol each: then pan must find an error.
 * State space: see README.md. */
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
#ifndef HOLDS
#define HOLDS 0
#endif
#ifndef HANDED
#define HANDED 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#define TIMEUPS 0
#define FOREVER true

#define N (P + C + 1 + HANDED)
#define JOINER (P + C)
#ifndef ENTRIES
#define ENTRIES (C - REUSE)
#endif
#define ENTRY_OF(id) (((id) - P) % ENTRIES)
#define TAIL 0
#define HEAD 1

/* Those of a kind are alike, so they may as well die in the order of their numbers. */
#define MAY_DIE (me < JOINER && (me == 0 || me == P || life[me - 1] != ALIVE))
#define LOCALS byte i, w, e, a, g, h, t, n, p, held; bool yes, up
#define FORGET w = 0; e = 0; a = 0; g = 0; h = 0; t = 0; n = 0; p = 0; held = 0; yes = 0; up = 0

#define WORDS 1 /* join_sequence */
#include "sleep.pml"

#define MOST (P * K + 1)
byte position[2], owner[2] = NOBODY;
bool there[MOST];

typedef task_t { byte got, after, at, finished, lost }
task_t task[ENTRIES];

/* What is so: counted is how many items there ever were, zero whether none was unfinished at some instant of join. */
byte counted, done, gone, hand[ENTRIES], handed;
bool joining, zero;
#define HAS_PUT(id) (finished[id] || life[id] != ALIVE)
#define ALL_PUT (HAS_PUT(0) && HAS_PUT(P - 1))
#define UNFINISHED (counted - done - gone)

inline count() {
    if :: position[TAIL] > counted -> counted = position[TAIL] :: else fi;
    if :: position[HEAD] > counted -> counted = position[HEAD] :: else fi;
    if :: joining && UNFINISHED == 0 -> zero = true :: else fi
}

/* total_of: two loads, of words that only the entry's process writes but for BREAK_... */
#ifdef BREAK_PENDING
#define TOTAL(e, head) task[e].got
#else
#define TOTAL(e, head) ((task[e].after == task[e].got || (head) >= task[e].at) -> task[e].after : task[e].got)
#endif

/* brood__tasks_ring */
inline ring_joiners() {
    STEP(yes = attention[0]; attention[0] = false);
    if :: yes -> yes = false; STEP(BUMP(0)); STEP(WAKE_ALL(0)) :: else fi
}

/* brood__end_free_dead: ours first; yes: it was a dead one's. */
inline free_tail() {
    STEP(if :: IS_DEAD(owner[TAIL]) -> owner[TAIL] = me; yes = true :: else fi);
    if :: yes -> yes = false;
            STEP(do :: there[position[TAIL]] -> position[TAIL]++ :: else -> break od; owner[TAIL] = NOBODY; count())
       :: else fi
}

inline free_head() {
    STEP(if :: IS_DEAD(owner[HEAD]) -> owner[HEAD] = me; yes = true :: else fi);
    if :: yes -> yes = false;
#ifndef BREAK_REVOKE
            e = 0;
            do :: e < ENTRIES -> /* brood__tasks_revoke */
                    STEP(g = task[e].got);
                    STEP(if :: task[e].after != g && task[e].at > position[HEAD] -> task[e].after = g :: else fi; g = 0; e++)
               :: else -> break
            od;
            e = 0;
#endif
            STEP(owner[HEAD] = NOBODY)
       :: else fi
}

proctype putter(byte me) {
    LOCALS;
again:
    free_tail();
    STEP(owner[TAIL] == NOBODY || IS_DEAD(owner[TAIL]);
         if :: owner[TAIL] != NOBODY -> yes = true :: else -> owner[TAIL] = me; p = position[TAIL] fi);
    if :: yes -> yes = false; goto again :: else fi;
    do :: n < K -> STEP(there[p + n] = true; n++) :: else -> break od;
    STEP(position[TAIL] = p + n; owner[TAIL] = NOBODY; count(); p = 0; n = 0);
    END
}

#define FINISHED if :: hand[e] > 0 -> hand[e]--; done++ :: else fi; \
    assert(task[e].finished + task[e].lost <= task[e].after); count()

/* brood__tasks_finish for entry e, where an item is in hand; then brood__ring_count and the ring. */
inline finish() {
#ifndef BREAK_APART
    STEP(if :: task[e].got > task[e].finished + task[e].lost -> task[e].finished++; FINISHED :: else fi);
#else
    STEP(a = task[e].finished);
    STEP(g = task[e].got);
    STEP(yes = g > a + task[e].lost);
    if :: yes -> yes = false;
            STEP(if :: task[e].finished == a -> task[e].finished++; FINISHED :: else fi)
       :: else fi;
#endif
    a = 0; g = 0;
    STEP(yes = attention[0]);
    if :: yes -> yes = false;
counting:
            STEP(h = position[HEAD]);
            free_tail();
            STEP(yes = position[TAIL] <= h);
            STEP(a = position[HEAD] != h; h = 0);
            if :: a -> a = 0; yes = false; goto counting
               :: else fi;
            if :: yes -> yes = false; ring_joiners() :: else fi
       :: else fi
}
proctype getter(byte me) {
    LOCALS;

    #if REUSE
    if :: me == P + C - 1 -> finished[me] = true;
end_unborn: life[P] == SWEPT; finished[me] = false :: else fi;
#endif
again:
    free_head();
    STEP(if :: owner[HEAD] == NOBODY && there[position[HEAD]] -> owner[HEAD] = me; p = position[HEAD]
            :: owner[HEAD] != NOBODY && IS_DEAD(owner[HEAD]) -> yes = true
            :: ALL_PUT && owner[HEAD] == NOBODY && !there[position[HEAD]] -> goto out /* nothing comes any more */
         fi);
    if :: yes -> yes = false; goto again :: else fi;
    do :: n < B && there[p + n] -> n++ :: else -> break od;
    e = ENTRY_OF(me);
    /* brood__tasks_begin */
    STEP(a = task[e].after
#ifndef BREAK_SETTLE
         ; task[e].got = a
#endif
        );
#ifdef BREAK_AT_LATE
    STEP(task[e].after = a + n);
    STEP(task[e].at = p + n);
#else
    STEP(task[e].at = p + n);
    STEP(task[e].after = a + n);
#endif
    STEP(assert(owner[HEAD] == me && position[HEAD] == p); /* the commit */
         position[HEAD] = p + n; owner[HEAD] = NOBODY; hand[e] = hand[e] + n; count(); p = 0);
    STEP(if :: task[e].got == a -> task[e].got = a + n :: else fi; a = 0); /* brood__tasks_commit */
#if HANDED
    STEP(handed = handed + n; n = 0);
#else
    held = held + n; n = 0;
    if :: HOLDS && i + 1 < GETS -> skip
       :: else -> do :: held > 0 -> held--; finish() :: else -> break od
    fi;
#endif
    e = 0; i++;
#if HANDED
    STEP(skip); /* it may die now, too */
#endif
    if :: i < GETS -> goto again :: else fi;
out:
    END
}

#define GETS_ARE_OVER(id) ((id) >= P + C || finished[(id) % N] || life[(id) % N] != ALIVE)
#define ALL_REST_BUT_US (GETS_ARE_OVER(P) && GETS_ARE_OVER(P + 1))

/* Finishes what others have got: entry after entry, its own being empty. */
proctype finisher(byte me) {
    LOCALS;
again:
    STEP(if :: handed > 0 -> handed-- :: ALL_REST_BUT_US && handed == 0 -> goto out fi);
    e = 0;
    do :: e < ENTRIES && hand[e] == 0 -> e++ :: else -> break od;
    if :: e < ENTRIES -> finish() :: else fi;
    e = 0;
    goto again;
out:
    END
}
/* all_done; yes: something is unfinished. */
inline look() {
    yes = false;
    do
    :: STEP(h = position[HEAD]);
        STEP(if :: IS_DEAD(owner[TAIL]) -> up = true :: else -> t = position[TAIL] fi);
        if :: up -> up = false; free_tail()
           :: else ->
#ifdef BREAK_UNEQUAL
                yes = t != h;
#else
                yes = t > h;
#endif
                e = 0;
                do :: !yes && e < ENTRIES ->
                        STEP(a = task[e].after); /* total_of; got comes last: the next get changes it before at */
#ifdef BREAK_GOT_EARLY
                        STEP(g = task[e].got);
                        STEP(p = task[e].at);
#else
                        STEP(p = task[e].at);
                        STEP(g = task[e].got);
#endif
#ifdef BREAK_PENDING
                        a = g; p = 0;
#else
                        a = ((a == g || h >= p) -> a : g); p = 0;
#endif
#ifndef BREAK_APART
                        STEP(yes = a != task[e].finished + task[e].lost; a = 0; g = 0; e++)
#else
                        STEP(g = task[e].finished);
                        STEP(yes = a != g + task[e].lost; a = 0; g = 0; e++)
#endif
                   :: else -> break
                od;
                e = 0;
                if :: yes -> break :: else fi;
#ifndef BREAK_TAIL_AGAIN
                STEP(n = n + (position[TAIL] != t));
#endif
#ifndef BREAK_HEAD_AGAIN
                STEP(n = n + (position[HEAD] != h));
#endif
                if :: n == 0 -> break :: else -> n = 0 fi
        fi
    od;
    h = 0; t = 0
}

/* brood__tasks_join */
proctype joiner(byte me) {
    LOCALS;

    joining = true; d_step { count() };
again:
    TICKET;
#ifdef BREAK_LOOK_EARLY
    look();
    DECLARE;
#else
    DECLARE;
    look();
#endif
    if :: yes ->
#if DEATHS > 0
            STEP(note[me] = w);
#endif
            park(); yes = false; goto again
       :: else fi;
    assert(zero);
    END
}

inline judge() {
    assert(finished[JOINER] || UNFINISHED > 0)
}

/* brood__tasks_lose: what the dead one has in hand is finished with. */
inline bury() {
    if :: v >= P && v < P + C ->
            n = position[HEAD];
            k = TOTAL(ENTRY_OF(v), n);
#ifndef BREAK_APART
            atomic {
                n = task[ENTRY_OF(v)].finished; /* and lost, by one exchange */
#else
            n = task[ENTRY_OF(v)].finished;
            atomic {
#endif
                assert(k - n - task[ENTRY_OF(v)].lost == hand[ENTRY_OF(v)]); /* what join will tell of */
                task[ENTRY_OF(v)].lost = k - n;
                gone = gone + hand[ENTRY_OF(v)]; hand[ENTRY_OF(v)] = 0; count()
            };
            n = 0; k = 0;
#ifndef BREAK_LOSE_RING
            if :: atomic { attention[0] -> attention[0] = false }; BUMP(0); WAKE_ALL(0) :: else fi
#endif
       :: else fi
}

#include "sweep.pml"

init {
    atomic {
        byte i;
        do :: i < N -> note[i] = NOTHING;
                if :: i < P -> run putter(i) :: i >= P && i < P + C -> run getter(i)
                   :: i == JOINER -> run joiner(i) :: i > JOINER -> run finisher(i) fi;
                i++
           :: else -> break od;
        run sweeper()
    }
}
