/* event.pml - an event: a word that each change counts up, and the bit in it that somebody may sleep.
 *
 * What is modelled: src/sync/event.c.  WAITERS who wait once; SETTERS who set it once and clear it afterwards, each as
 * late as may be between any two accesses.
 * What is left out: deaths, deadlines and looking after the dead; the count does not wrap.
 * What is claimed: when nothing moves any more, whoever sleeps has seen no set since it came.
 * BREAK_... take away one line each: then pan must find an error.
 * State space: see README.md. */
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef SETTERS
#define SETTERS 2
#endif

byte count;                        /* odd: set */
bool waited;                       /* the word is both: read and changed together */
bool in_kernel[WAITERS], waits[WAITERS];
byte came[WAITERS];                /* the count when it came */

#define IS_SET (count % 2 == 1)

proctype waiter(byte me) {
    byte seen;
    bool w, go;

    atomic { seen = count; came[me] = count; waits[me] = !IS_SET };
    if :: seen % 2 == 1 -> goto passed :: else fi;
    do
    :: atomic { count != seen -> break }
    :: atomic { count == seen -> w = waited };
#ifndef BREAK_DECLARE
            if :: !w -> atomic { go = (count == seen && !waited); if :: go -> waited = true :: else fi }
               :: else -> go = true
            fi;
#else
            go = true;
#endif
            if :: go ->
                    /* sleeps while the word is what it saw, with the bit */
#ifdef BREAK_KERNEL_LOOK
                    in_kernel[me] = true;
#else
#ifdef BREAK_DECLARE
                    atomic { if :: count == seen -> in_kernel[me] = true :: else fi };
#else
                    atomic { if :: count == seen && waited -> in_kernel[me] = true :: else fi };
#endif
#endif
end_asleep:         !in_kernel[me]
               :: else
            fi;
            w = false; go = false
    od;
passed:
    waits[me] = false
}

inline wake_all() {
    atomic { i = 0; do :: i < WAITERS -> in_kernel[i] = false; i++ :: else -> break od; i = 0 }
}

proctype setter() {
    byte i;
    bool yes;

    atomic { if :: !IS_SET -> count++ :: else fi };
    atomic { yes = waited };
#ifdef BREAK_WAKE
    if :: yes -> waited = false :: else fi;
#else
    if :: yes -> atomic { yes = waited; waited = false } :: else fi;
    if :: yes -> wake_all() :: else fi;
#endif
    atomic { if :: IS_SET -> count++ :: else fi }
}

active proctype judge() {
    byte i;

    timeout;
    do :: i < WAITERS -> assert(!waits[i] || count == came[i]); i++ :: else -> break od
}

init {
    atomic {
        byte i;
        do :: i < WAITERS -> run waiter(i); i++ :: else -> break od;
        i = 0;
        do :: i < SETTERS -> run setter(); i++ :: else -> break od
    }
}
