/* sweeper.pml - whoever reaps the dead, at any later moment; and the end of each run.  After judge(). */

#define RESTS(id) (life[id] == SWEPT || (life[id] == ALIVE && (finished[id] || (ASLEEP & (1 << (id))))))
#if WORDS == 1
#define ASLEEP asleep[0]
#else
#define ASLEEP (asleep[0] | asleep[1] | asleep[2] | asleep[3])
#endif
#if N == 2
#define ALL_REST (RESTS(0) && RESTS(1))
#elif N == 3
#define ALL_REST (RESTS(0) && RESTS(1) && RESTS(2))
#elif N == 4
#define ALL_REST (RESTS(0) && RESTS(1) && RESTS(2) && RESTS(3))
#else
#define ALL_REST (RESTS(0) && RESTS(1) && RESTS(2) && RESTS(3) && RESTS(4))
#endif

inline visit() {
    w = note[i]; i = 0;
    if :: w != NOTHING ->
#ifndef BREAK_SWEEP_BUMP
            BUMP(w);
#endif
            WAKE_ALL(w)
       :: else fi;
    w = 0
}

proctype sweeper() {
    byte v, i, w, n, k, seen;

    do
    :: atomic { life[0] == DEAD -> v = 0; life[v] = MARKED }; goto sweep
    :: atomic { N > 1 && life[1 % N] == DEAD -> v = 1; life[v] = MARKED }; goto sweep
    :: atomic { N > 2 && life[2 % N] == DEAD -> v = 2; life[v] = MARKED }; goto sweep
    :: atomic { N > 3 && life[3 % N] == DEAD -> v = 3; life[v] = MARKED }; goto sweep
    :: atomic { N > 4 && life[4 % N] == DEAD -> v = 4; life[v] = MARKED }; goto sweep
    :: atomic { deaths < DEATHS && ALL_REST -> deaths = DEATHS } /* nobody else dies */
    :: timeout -> judge(); break
sweep:
#if !defined(NO_NOTES) && !defined(BREAK_SWEEP_WAKE)
        /* The notes in any order: who has which cell is chance. */
        do
        :: seen == (1 << N) - 1 -> break
        :: atomic { !(seen & 1) -> seen = seen | 1; i = 0 }; visit()
        :: atomic { N > 1 && !(seen & 2) -> seen = seen | 2; i = 1 }; visit()
        :: atomic { N > 2 && !(seen & 4) -> seen = seen | 4; i = 2 }; visit()
        :: atomic { N > 3 && !(seen & 8) -> seen = seen | 8; i = 3 }; visit()
        :: atomic { N > 4 && !(seen & 16) -> seen = seen | 16; i = 4 }; visit()
        od;
        seen = 0;
#endif
        bury();
        life[v] = SWEPT; v = 0
    od
}
